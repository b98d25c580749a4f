# The firmware under firmware/ is built by its own Makefile with the Arm cross compiler, as a part of ALL, into
# ${CMAKE_BINARY_DIR}/firmware/<app>.elf. It is the ELF that also runs on the board.
find_program(ARM_NONE_EABI_GCC arm-none-eabi-gcc)
find_program(GNU_MAKE NAMES gmake make)

if(NOT ARM_NONE_EABI_GCC OR NOT GNU_MAKE)
  message(WARNING "The firmware is not built: arm-none-eabi-gcc and make are needed "
                  "(Debian: apt install gcc-arm-none-eabi libnewlib-arm-none-eabi make). "
                  "Scenarios with firmware nodes will not find their ELF.")
else()
  add_custom_target(firmware ALL
    COMMAND ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS --unset=MAKELEVEL
            ${GNU_MAKE} --no-print-directory -s -C ${PROJECT_SOURCE_DIR}/firmware
            BUILD=${CMAKE_BINARY_DIR}/firmware "CC=${ARM_NONE_EABI_GCC}"
    COMMENT "Building the nRF52840 firmware"
    VERBATIM)
endif()
