# xedgesim_library(NAME [DEPENDS lib...] [LINK external...]): one src/ folder as a static library.
# DEPENDS names other src/ folders and must point downwards in the layer drawing (docs/architecture.md).
function(xedgesim_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} ${ARG_LINK} PRIVATE xedgesim_flags)
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name} INTERFACE ${ARG_DEPENDS} ${ARG_LINK})
  endif()
endfunction()

# xedgesim_test(NAME [DEPENDS lib...] [LINK external...]): every .cpp of a tests/ folder as one GoogleTest
# program; each of its tests is a ctest entry of its own, so that they run in parallel.
function(xedgesim_test name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE ${ARG_DEPENDS} ${ARG_LINK} GTest::gtest_main xedgesim_flags)
  target_compile_definitions(test_${name} PRIVATE
    XEDGESIM_SOURCE_DIR="${PROJECT_SOURCE_DIR}" XEDGESIM_BINARY_DIR="${PROJECT_BINARY_DIR}")
  gtest_discover_tests(test_${name} NO_PRETTY_VALUES TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
