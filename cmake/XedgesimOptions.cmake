# Language level, warnings and sanitizers: the same for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
# -O3 doubles the build time and gains nothing outside src/isa, which asks for it itself.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

option(XEDGESIM_TESTS "Build the tests" ON)
option(XEDGESIM_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
set(XEDGESIM_UNITY 0 CACHE STRING "Source files compiled as one: 0 = all of a folder, n = up to n")
option(XEDGESIM_WERROR "Treat warnings as errors" ON)
set(XEDGESIM_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(xedgesim_flags INTERFACE)
target_compile_options(xedgesim_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  # Results must not depend on whether the compiler fuses a*b+c.
  -ffp-contract=off)
# A folder compiled as one file needs a larger heap than GCC thinks right; tidying it up costs a twentieth of the build.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(xedgesim_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:SHELL:--param ggc-min-heapsize=1048576>")
endif()
# GCC 12 reports overlapping copies in std::string operations that cannot happen (GCC PR105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(xedgesim_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(XEDGESIM_WERROR)
  target_compile_options(xedgesim_flags INTERFACE -Werror)
endif()
if(XEDGESIM_SANITIZE)
  target_compile_options(xedgesim_flags INTERFACE -fsanitize=${XEDGESIM_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=undefined)
  target_link_options(xedgesim_flags INTERFACE -fsanitize=${XEDGESIM_SANITIZE})
  # Instrumented code makes GCC see uninitialised members where there are none, in <regex> for one (GCC PR105562).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(xedgesim_flags INTERFACE -Wno-maybe-uninitialized)
    # Boost.Asio has fences, which the thread sanitizer does not see; its locks, which it sees, order the same.
    if(XEDGESIM_SANITIZE MATCHES thread)
      target_compile_options(xedgesim_flags INTERFACE -Wno-tsan)
    endif()
  endif()
endif()
