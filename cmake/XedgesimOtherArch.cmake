# Programs for images of the other kind of processor, by Debian's cross compiler, as a part of ALL, into
# ${CMAKE_BINARY_DIR}/<processor>. Without that compiler they are left out: `xedgesim image build` says then what to
# install.
include(ExternalProject)

if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  set(other aarch64)
  set(triplet aarch64-linux-gnu)
else()
  set(other x86_64)
  set(triplet x86_64-linux-gnu)
endif()
find_program(XEDGESIM_OTHER_CC ${triplet}-gcc)
find_program(XEDGESIM_OTHER_CXX ${triplet}-g++)
mark_as_advanced(XEDGESIM_OTHER_CC XEDGESIM_OTHER_CXX)

if(XEDGESIM_OTHER_CC AND XEDGESIM_OTHER_CXX)
  # {fmt} is used by its headers alone, which are the same for every processor. They come by a folder that holds nothing
  # else: beside them may lie headers of the host's processor.
  get_target_property(fmt_folders fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
  find_path(XEDGESIM_FMT_INCLUDE fmt/format.h HINTS ${fmt_folders} REQUIRED NO_DEFAULT_PATH)
  mark_as_advanced(XEDGESIM_FMT_INCLUDE)
  set(headers ${CMAKE_BINARY_DIR}/${other}/headers)
  file(MAKE_DIRECTORY ${headers})
  file(CREATE_LINK ${XEDGESIM_FMT_INCLUDE}/fmt ${headers}/fmt SYMBOLIC)

  ExternalProject_Add(edge-service-${other}
    SOURCE_DIR ${PROJECT_SOURCE_DIR}/apps/edge-service
    PREFIX ${CMAKE_BINARY_DIR}/${other}/project
    BINARY_DIR ${CMAKE_BINARY_DIR}/${other}
    CMAKE_ARGS -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=${other}
               -DCMAKE_C_COMPILER=${XEDGESIM_OTHER_CC} -DCMAKE_CXX_COMPILER=${XEDGESIM_OTHER_CXX}
               -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES=${headers}
               -DXEDGESIM_WERROR=${XEDGESIM_WERROR}
    BUILD_ALWAYS ON
    INSTALL_COMMAND "")
endif()
