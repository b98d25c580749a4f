// Runs a TorchScript model (torch.jit.save) for an edge or cloud node of xedgesim, by the protocol of
// src/nodes/external/inference_program.h. One thread, so that the same input gives the same output.
//
// Limits: one float tensor in, one out; the input is [1, n] or, when the model takes only images, the shape
// in XEDGESIM_INPUT_SHAPE ("1,1,8,8").
#include <ATen/Parallel.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <torch/script.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using nlohmann::json;

/// The socket that xedgesim listens at.
int open_socket() {
  const char* address = std::getenv("XEDGESIM_SOCKET");
  const std::string text = address ? address : "";
  if (text.rfind("unix:", 0) != 0)
    throw std::runtime_error("XEDGESIM_SOCKET is not unix:PATH: this program is started by xedgesim");
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (text.size() - 5 >= sizeof where.sun_path)
    throw std::runtime_error("the path of XEDGESIM_SOCKET is too long");
  std::memcpy(where.sun_path, text.data() + 5, text.size() - 5);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0)
    throw std::runtime_error("cannot connect to " + text);
  return fd;
}

class Lines {
 public:
  explicit Lines(int fd) : fd_(fd) {}
  std::optional<std::string> receive() {
    for (;;) {
      if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
      }
      char bytes[65536];
      const ssize_t n = read(fd_, bytes, sizeof bytes);
      if (n <= 0) return std::nullopt;
      buffer_.append(bytes, static_cast<size_t>(n));
    }
  }
  void send(const json& message) {
    const std::string line = message.dump() + "\n";
    for (size_t sent = 0; sent < line.size();) {
      const ssize_t n = write(fd_, line.data() + sent, line.size() - sent);
      if (n <= 0) throw std::runtime_error("xedgesim is gone");
      sent += static_cast<size_t>(n);
    }
  }

 private:
  int fd_;
  std::string buffer_;
};

class Model {
 public:
  explicit Model(const std::string& file) {
    try {
      module_ = torch::jit::load(file);
    } catch (const c10::Error&) {
      throw std::runtime_error("'" + file + "' is no TorchScript file as torch.jit.save writes it");
    }
    module_.eval();
    if (const char* shape = std::getenv("XEDGESIM_INPUT_SHAPE")) {
      std::istringstream in(shape);
      for (std::string n; std::getline(in, n, ',');) shape_.push_back(std::stoll(n));
    }
  }
  /// Of models with dense layers only: one multiplication a weight.
  std::optional<int64_t> macs() const {
    int64_t sum = 0;
    for (const auto& p : module_.parameters()) {
      if (p.dim() > 2) return std::nullopt;
      if (p.dim() == 2) sum += p.numel();
    }
    return sum > 0 ? std::optional(sum) : std::nullopt;
  }
  std::vector<float> run(std::vector<float> input) {
    const torch::NoGradGuard no_gradients;
    std::vector<int64_t> shape = shape_;
    if (shape.empty()) shape = {1, static_cast<int64_t>(input.size())};
    const torch::Tensor x = torch::from_blob(input.data(), shape, torch::kFloat32);
    const torch::Tensor y = module_.forward({x}).toTensor().to(torch::kFloat32).contiguous();
    return {y.data_ptr<float>(), y.data_ptr<float>() + y.numel()};
  }

 private:
  torch::jit::script::Module module_;
  std::vector<int64_t> shape_;
};

json answer(const json& message, std::optional<Model>& model) {
  const std::string type = message.at("type");
  if (type == "INIT") {
    if (message.at("protocol") != "xedgesim-inference" || message.at("version") != 1)
      throw std::runtime_error("this back end speaks xedgesim-inference version 1");
    torch::manual_seed(message.at("seed").get<uint64_t>());
    model.emplace(message.at("model").get<std::string>());
    json done{{"type", "DONE"}, {"version", 1}};
    if (const auto macs = model->macs()) done["macs"] = static_cast<uint64_t>(*macs);
    return done;
  }
  if (type == "INFER") {
    if (!model) throw std::runtime_error("INFER came before INIT");
    json done{{"type", "DONE"}, {"output", json::array()}};
    for (const float v : model->run(message.at("input").get<std::vector<float>>()))
      done["output"].push_back(static_cast<double>(v));
    return done;
  }
  if (type == "SHUTDOWN") return {{"type", "DONE"}};
  throw std::runtime_error("unknown message " + type);
}

/// The first line of what went wrong; libtorch adds its call stack.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

int main() {
  try {
    at::set_num_threads(1);
    at::set_num_interop_threads(1);
    Lines lines(open_socket());
    std::optional<Model> model;
    while (const auto line = lines.receive()) {
      json reply;
      try {
        const json message = json::parse(*line);
        reply = answer(message, model);
        lines.send(reply);
        if (message["type"] == "SHUTDOWN") return 0;
      } catch (const std::exception& e) {
        lines.send({{"type", "ERROR"}, {"message", first_line(e.what())}});
        return 1;
      }
    }
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "xedgesim-torchscript: %s\n", e.what());
    return 1;
  }
}
