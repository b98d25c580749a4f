# xedgesim_assets(TARGET NAME=FILE...): files built into a library, as web::assets() of src/web/assets.h has them. The
# assembler takes their bytes in (.incbin), which costs the compiler nothing whatever their size.
function(xedgesim_assets target)
  set(files)
  set(blobs)
  set(entries)
  set(index 0)
  foreach(pair ${ARGN})
    string(REGEX MATCH "^([^=]+)=(.+)$" _ "${pair}")
    set(name ${CMAKE_MATCH_1})
    set(file ${CMAKE_MATCH_2})
    list(APPEND files ${file})
    set(symbol xedgesim_asset_${index})
    string(APPEND blobs "asm(\".section .rodata\\n${symbol}_begin:\\n.incbin \\\"${file}\\\"\\n${symbol}_end:\\n.byte 0\\n.previous\\n\");\n"
                        "extern \"C\" const char ${symbol}_begin[], ${symbol}_end[];\n")
    string(APPEND entries "      Asset{\"${name}\", {${symbol}_begin, static_cast<size_t>(${symbol}_end - ${symbol}_begin)}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target}_assets.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT [[// Written by cmake/XedgesimAssets.cmake.
#include "web/assets.h"

@blobs@
namespace xedgesim::web {

std::span<const Asset> assets() {
  static const Asset all[] = {
@entries@  };
  return all;
}

}  // namespace xedgesim::web
]])
  target_sources(${target} PRIVATE ${generated})
  set_source_files_properties(${generated} PROPERTIES OBJECT_DEPENDS "${files}" SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
