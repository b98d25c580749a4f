// The library is opened at run time: the program starts, and runs everything but .onnx models, without it.
#include "ml/onnx_session.h"

#include "base/error.h"

#ifdef XEDGESIM_ONNXRUNTIME_HEADERS
#include <dlfcn.h>
#define ORT_API_MANUAL_INIT
#include <onnxruntime_c_api.h>
#include <onnxruntime_session_options_config_keys.h>

#include <iostream>
#include <streambuf>

namespace xedgesim::ml {
namespace {

constexpr const char* kRemedy = "run scripts/setup, which installs it";

/// Mutes std::cerr for a moment. Debian 13's library registers every ONNX operator twice, once by itself and
/// once through libonnx, and writes over 500 harmless lines "Schema error: ..." about it when it opens the
/// first model.
class Muted {
 public:
  Muted() : before_(std::cerr.rdbuf(nullptr)) {}
  ~Muted() { std::cerr.rdbuf(before_); }
  Muted(const Muted&) = delete;
  Muted& operator=(const Muted&) = delete;

 private:
  std::streambuf* before_;
};

/// The shared library and its table of functions.
class Runtime {
 public:
  explicit Runtime(const std::filesystem::path& library) {
    std::vector<std::string> places{library.string()};
    if (library.empty()) {
      places = {XEDGESIM_ONNXRUNTIME_LIBRARY, "libonnxruntime.so", "libonnxruntime.so.1",
                "libonnxruntime.so.1.21"};
    }
    std::string reason;
    for (const std::string& place : places) {
      if (place.empty()) continue;
      // The library stays: it leaves threads and thread-local data behind that must not lose their code.
      void* handle = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
      if (!handle) {
        if (reason.empty()) reason = dlerror();
        continue;
      }
      using GetBase = const OrtApiBase* (*)();
      const auto get_base = reinterpret_cast<GetBase>(dlsym(handle, "OrtGetApiBase"));
      if (!get_base) throw ConfigError("'" + place + "' is not ONNX Runtime; " + kRemedy);
      version_ = get_base()->GetVersionString();
      api_ = get_base()->GetApi(ORT_API_VERSION);
      if (!api_)
        throw ConfigError("ONNX Runtime " + version_ + " ('" + place +
                          "') is older than 1." + std::to_string(ORT_API_VERSION) +
                          ", for which xedgesim was built; " + kRemedy);
      return;
    }
    throw ConfigError("ONNX Runtime is missing (" + reason + "); " + kRemedy);
  }
  const OrtApi& api() const { return *api_; }
  const std::string& version() const { return version_; }

  void check(OrtStatus* status) const {
    if (!status) return;
    std::string message = api_->GetErrorMessage(status);
    api_->ReleaseStatus(status);
    if (const size_t line = message.find('\n'); line != std::string::npos) message.resize(line);
    throw ConfigError(message);
  }

 private:
  const OrtApi* api_ = nullptr;
  std::string version_;
};

/// Owner of one of the C API's objects.
template <typename T>
class Handle {
 public:
  using Release = void (*)(T*);
  explicit Handle(Release release) : release_(release) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { release_(value_); }
  T** out() { return &value_; }
  T* get() const { return value_; }

 private:
  T* value_ = nullptr;
  Release release_;
};

class RuntimeSession : public OnnxSession {
 public:
  RuntimeSession(std::span<const uint8_t> model, const std::filesystem::path& library)
      : runtime_(library),
        environment_(runtime_.api().ReleaseEnv),
        session_(runtime_.api().ReleaseSession),
        memory_(runtime_.api().ReleaseMemoryInfo) {
    const OrtApi& ort = runtime_.api();
    runtime_.check(ort.CreateEnv(ORT_LOGGING_LEVEL_FATAL, "xedgesim", environment_.out()));
    Handle<OrtSessionOptions> options(ort.ReleaseSessionOptions);
    runtime_.check(ort.CreateSessionOptions(options.out()));
    // One thread in a fixed order: the same bits every time, and no load on the host's other cores.
    runtime_.check(ort.SetIntraOpNumThreads(options.get(), 1));
    runtime_.check(ort.SetInterOpNumThreads(options.get(), 1));
    runtime_.check(ort.SetSessionExecutionMode(options.get(), ORT_SEQUENTIAL));
    runtime_.check(ort.SetDeterministicCompute(options.get(), true));
    // Without it, processors with AVX2 but no VNNI saturate 16-bit sums and int8 results are wrong.
    set(options.get(), kOrtSessionOptionsAvx2PrecisionMode, "1");
    set(options.get(), kOrtSessionOptionsConfigAllowIntraOpSpinning, "0");
    set(options.get(), kOrtSessionOptionsConfigAllowInterOpSpinning, "0");
    {
      const Muted muted;
      runtime_.check(ort.CreateSessionFromArray(environment_.get(), model.data(), model.size(), options.get(),
                                                session_.out()));
    }
    runtime_.check(ort.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, memory_.out()));
    describe();
  }

  const std::vector<Tensor>& inputs() const override { return inputs_; }
  const std::vector<Tensor>& outputs() const override { return outputs_; }

  std::vector<float> run(std::span<const float> input, std::span<const int64_t> shape) override {
    const OrtApi& ort = runtime_.api();
    std::vector<float> copy(input.begin(), input.end());
    Handle<OrtValue> in(ort.ReleaseValue), out(ort.ReleaseValue);
    runtime_.check(ort.CreateTensorWithDataAsOrtValue(memory_.get(), copy.data(), copy.size() * sizeof(float),
                                                      shape.data(), shape.size(),
                                                      ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, in.out()));
    const char* input_name = inputs_[0].name.c_str();
    const char* output_name = outputs_[0].name.c_str();
    const OrtValue* values[] = {in.get()};
    runtime_.check(ort.Run(session_.get(), nullptr, &input_name, values, 1, &output_name, 1, out.out()));
    Handle<OrtTensorTypeAndShapeInfo> info(ort.ReleaseTensorTypeAndShapeInfo);
    runtime_.check(ort.GetTensorTypeAndShape(out.get(), info.out()));
    size_t count = 0;
    runtime_.check(ort.GetTensorShapeElementCount(info.get(), &count));
    void* data = nullptr;
    runtime_.check(ort.GetTensorMutableData(out.get(), &data));
    const float* first = static_cast<const float*>(data);
    return {first, first + count};
  }

 private:
  void set(OrtSessionOptions* options, const char* key, const char* value) const {
    runtime_.check(runtime_.api().AddSessionConfigEntry(options, key, value));
  }

  void describe() {
    const OrtApi& ort = runtime_.api();
    size_t inputs = 0, outputs = 0;
    runtime_.check(ort.SessionGetInputCount(session_.get(), &inputs));
    runtime_.check(ort.SessionGetOutputCount(session_.get(), &outputs));
    for (size_t i = 0; i < inputs; ++i)
      inputs_.push_back(describe_one(i, ort.SessionGetInputName, ort.SessionGetInputTypeInfo));
    for (size_t i = 0; i < outputs; ++i)
      outputs_.push_back(describe_one(i, ort.SessionGetOutputName, ort.SessionGetOutputTypeInfo));
  }

  template <typename GetName, typename GetType>
  Tensor describe_one(size_t index, GetName get_name, GetType get_type) const {
    const OrtApi& ort = runtime_.api();
    OrtAllocator* allocator = nullptr;
    runtime_.check(ort.GetAllocatorWithDefaultOptions(&allocator));
    char* name = nullptr;
    runtime_.check(get_name(session_.get(), index, allocator, &name));
    Tensor t{name, false, {}};
    runtime_.check(ort.AllocatorFree(allocator, name));
    Handle<OrtTypeInfo> type(ort.ReleaseTypeInfo);
    runtime_.check(get_type(session_.get(), index, type.out()));
    const OrtTensorTypeAndShapeInfo* info = nullptr;  // belongs to `type`
    runtime_.check(ort.CastTypeInfoToTensorInfo(type.get(), &info));
    if (!info) return t;  // a sequence or map: not a float tensor
    ONNXTensorElementDataType element{};
    runtime_.check(ort.GetTensorElementType(info, &element));
    t.is_float = element == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    size_t rank = 0;
    runtime_.check(ort.GetDimensionsCount(info, &rank));
    t.shape.resize(rank);
    runtime_.check(ort.GetDimensions(info, t.shape.data(), rank));
    return t;
  }

  Runtime runtime_;
  Handle<OrtEnv> environment_;
  Handle<OrtSession> session_;
  Handle<OrtMemoryInfo> memory_;
  std::vector<Tensor> inputs_, outputs_;
};

}  // namespace

std::unique_ptr<OnnxSession> open_onnx_session(std::span<const uint8_t> model,
                                               const std::filesystem::path& library) {
  return std::make_unique<RuntimeSession>(model, library);
}

std::string onnx_runtime_version(const OnnxOptions& options) { return Runtime(options.library).version(); }

}  // namespace xedgesim::ml

#else

namespace xedgesim::ml {
namespace {
[[noreturn]] void refuse() {
  throw ConfigError("this xedgesim was built without ONNX Runtime; run scripts/setup and build again");
}
}  // namespace

std::unique_ptr<OnnxSession> open_onnx_session(std::span<const uint8_t>, const std::filesystem::path&) {
  refuse();
}

std::string onnx_runtime_version(const OnnxOptions&) { refuse(); }

}  // namespace xedgesim::ml

#endif
