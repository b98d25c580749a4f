# Checks each application in FOLDER: vector table, FPU calling convention, no double precision outside nn/ (which derives
# its integer factors in double precision once at the start, as TFLite does), no heap, no path of the source tree.
file(GLOB objects ${FOLDER}/obj/common/*.o ${FOLDER}/obj/hal/*.o ${FOLDER}/obj/hello/*.o ${FOLDER}/obj/ping/*.o
     ${FOLDER}/obj/vib_sensor/*.o)
if(NOT objects)
  message(FATAL_ERROR "no objects in ${FOLDER}/obj: build the target 'firmware'")
endif()
execute_process(COMMAND ${CROSS}nm ${objects} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
if(symbols MATCHES "(__aeabi_(d[a-z0-9]+|[fil]+2d|ul2d|ui2d))")
  message(FATAL_ERROR "an object outside nn/ uses ${CMAKE_MATCH_1}")
endif()
foreach(app hello ping vib_sensor)
  set(elf ${FOLDER}/${app}.elf)
  if(NOT EXISTS ${elf} OR NOT EXISTS ${FOLDER}/${app}.hex)
    message(FATAL_ERROR "${elf} or its .hex is missing: build the target 'firmware'")
  endif()

  execute_process(COMMAND ${CROSS}readelf -hA ${elf} OUTPUT_VARIABLE header COMMAND_ERROR_IS_FATAL ANY)
  foreach(needed "hard-float ABI" "Tag_CPU_arch_profile: Microcontroller" "Tag_FP_arch: VFPv4-D16" "VFP registers")
    if(NOT header MATCHES "${needed}")
      message(FATAL_ERROR "${elf}: no '${needed}' in\n${header}")
    endif()
  endforeach()

  execute_process(COMMAND ${CROSS}nm ${elf} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  if(symbols MATCHES "(_malloc_r|_sbrk|_printf_r)")
    message(FATAL_ERROR "${elf} links ${CMAKE_MATCH_1}")
  endif()

  execute_process(COMMAND ${CROSS}objdump -s --start-address=0 --stop-address=8 -j .text ${elf}
                  OUTPUT_VARIABLE vectors COMMAND_ERROR_IS_FATAL ANY)
  # Stack pointer 0x20002000 and an odd reset address, as little-endian words.
  if(NOT vectors MATCHES "0000 00200020 [0-9a-f][13579bdf]")
    message(FATAL_ERROR "${elf}: strange vector table\n${vectors}")
  endif()

  file(STRINGS ${elf} paths REGEX "${SOURCE}")
  if(paths)
    message(FATAL_ERROR "${elf} holds paths of the source tree: ${paths}")
  endif()
endforeach()
