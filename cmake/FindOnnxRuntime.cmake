# Headers of ONNX Runtime's C API, as target OnnxRuntime::headers. The library itself is opened at run time
# (src/ml/onnx_runtime.cpp); ONNXRUNTIME_LIBRARY is only the first place to look for it.
# Searched: ONNXRUNTIME_ROOT, what scripts/get-onnxruntime fetched into the checkout, the system.
set(_hints ${ONNXRUNTIME_ROOT} $ENV{XEDGESIM_ONNXRUNTIME_DIR} ${PROJECT_SOURCE_DIR}/.cache/onnxruntime)
find_path(ONNXRUNTIME_INCLUDE_DIR onnxruntime_c_api.h HINTS ${_hints}
          PATH_SUFFIXES include onnxruntime include/onnxruntime include/onnxruntime/core/session)
find_library(ONNXRUNTIME_LIBRARY onnxruntime HINTS ${_hints} PATH_SUFFIXES lib)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OnnxRuntime REQUIRED_VARS ONNXRUNTIME_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "this build will not run .onnx models (scripts/get-onnxruntime brings what is missing)")
mark_as_advanced(ONNXRUNTIME_INCLUDE_DIR ONNXRUNTIME_LIBRARY)
if(OnnxRuntime_FOUND AND NOT TARGET OnnxRuntime::headers)
  add_library(OnnxRuntime::headers INTERFACE IMPORTED)
  target_include_directories(OnnxRuntime::headers SYSTEM INTERFACE ${ONNXRUNTIME_INCLUDE_DIR})
endif()
