# xedgesim_library(NAME [DEPENDS lib...] [LINK external...] [SEPARATE] [COLD]): one src/ folder as a static library.
# DEPENDS names other src/ folders and must point downwards in the layer drawing (docs/architecture.md).
# A folder is compiled as one file (XEDGESIM_UNITY), which makes a build from nothing several times shorter, since most of
# the compiler's time goes to templates that every file would instantiate again; SEPARATE is for folders whose files
# name the same things (the registers of devices) or are tuned one by one. COLD is for folders that do nothing while a
# simulation runs: a release compiles them with -Og, since optimising them would be a third of the build.

function(xedgesim_library name)
  cmake_parse_arguments(ARG "SEPARATE;COLD" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} ${ARG_LINK} PRIVATE xedgesim_flags)
    if(ARG_COLD)
      target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-Og>)
    endif()
    if(NOT ARG_SEPARATE)
      set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${XEDGESIM_UNITY})
    endif()
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${name} INTERFACE ${ARG_DEPENDS} ${ARG_LINK})
  endif()
endfunction()

# Seconds a test may take; instrumented programs are several times slower.
set(XEDGESIM_TEST_TIMEOUT 300)
if(XEDGESIM_SANITIZE)
  set(XEDGESIM_TEST_TIMEOUT 1800)
endif()

# xedgesim_test(NAME [DEPENDS lib...] [LINK external...] [TOGETHER] [SERIAL]): every .cpp of a tests/ folder as one
# GoogleTest program; each of its tests is a ctest entry of its own, so that they run in parallel. TOGETHER compiles up
# to eight files as one. SERIAL: beside no other test, for those that compare with something on the wall clock.
function(xedgesim_test name)
  cmake_parse_arguments(ARG "TOGETHER;SERIAL" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE ${ARG_DEPENDS} ${ARG_LINK} GTest::gtest_main xedgesim_flags)
  if(ARG_TOGETHER)
    set_target_properties(test_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
  target_compile_definitions(test_${name} PRIVATE
    XEDGESIM_SOURCE_DIR="${PROJECT_SOURCE_DIR}" XEDGESIM_BINARY_DIR="${PROJECT_BINARY_DIR}")
  gtest_discover_tests(test_${name} NO_PRETTY_VALUES TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT ${XEDGESIM_TEST_TIMEOUT} RUN_SERIAL ${ARG_SERIAL}
                                  ENVIRONMENT XEDGESIM_SNAPSHOTS=${PROJECT_BINARY_DIR}/snapshots)
endfunction()
