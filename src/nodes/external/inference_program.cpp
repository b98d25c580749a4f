#include "nodes/external/inference_program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace xedgesim::nodes {
namespace {

constexpr const char* kInferenceProtocol = "xedgesim-inference";
constexpr Duration kGrace = Duration::s(2);

}  // namespace

struct InferenceProgram::Message {
  nlohmann::json json;
};

InferenceProgram::~InferenceProgram() = default;

void InferenceProgram::fail(const std::string& what) {
  const std::string end = child_ ? child_->obituary() : "";
  channel_.reset();
  throw SimulationError(fmt::format("the inference program of '{}' {}{}", config_.node, what,
                                    end.empty() ? "" : " (it " + end + ")"));
}

InferenceProgram::Message InferenceProgram::ask(const std::string& line, const char* what, Duration timeout) {
  std::string answer;
  try {
    channel_->send(line, timeout);
    answer = channel_->receive(timeout);
  } catch (const PeerError& e) {
    fail(fmt::format("{} instead of answering {}", e.what(), what));
  }
  Message m{nlohmann::json::parse(answer, nullptr, false)};
  if (!m.json.is_object() || !m.json.contains("type"))
    fail(fmt::format("answered {} with a line that is no message ({})", what, quote_line(answer)));
  if (m.json["type"] == "ERROR") {
    const auto text = m.json.find("message");
    fail(fmt::format("reports an error: {}", text != m.json.end() && text->is_string()
                                                 ? quote_line(text->get<std::string>())
                                                 : "unknown"));
  }
  if (m.json["type"] != "DONE")
    fail(fmt::format("answered {} with {} instead of DONE", what, quote_line(m.json["type"].dump())));
  return m;
}

void InferenceProgram::connect(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  // A socket's path is short; that of the results may not be.
  listener_ =
      std::make_unique<Listener>("unix:" + (std::filesystem::temp_directory_path() /
                                            fmt::format("xedgesim-{}-{}.sock", getpid(), config_.node))
                                               .string());
  std::vector<std::string> environment = config_.environment;
  environment.push_back("XEDGESIM_SOCKET=" + listener_->address());
  child_ = std::make_unique<Child>(config_.command, environment, folder / (config_.node + ".log"));
  try {
    channel_.emplace(listener_->accept(config_.start_timeout, child_->pidfd()));
  } catch (const PeerError& e) {
    fail(e.what());
  }
  const nlohmann::json init{{"type", "INIT"},
                            {"protocol", kInferenceProtocol},
                            {"version", kVersion},
                            {"node", config_.node},
                            {"seed", config_.seed},
                            {"model", config_.model},
                            {"classes", config_.classes}};
  const Message done = ask(init.dump(), "INIT", config_.start_timeout);
  if (const auto v = done.json.find("version"); v == done.json.end() || *v != kVersion)
    fail(fmt::format(
        "speaks version {} of the protocol, but this xedgesim speaks {}: use an SDK of this version",
        v == done.json.end() ? "(none)" : quote_line(v->dump()), kVersion));
  if (const auto m = done.json.find("macs"); m != done.json.end() && m->is_number_unsigned())
    macs_ = m->get<uint64_t>();
}

InferenceProgram::Answer InferenceProgram::infer(std::span<const float> input, SimTime t) {
  nlohmann::json question{{"type", "INFER"}, {"t_ns", t.count_ns()}};
  auto& values = question["input"] = nlohmann::json::array();
  for (const float v : input) values.push_back(static_cast<double>(v));
  const Message done = ask(question.dump(), "INFER", config_.timeout);
  const auto output = done.json.find("output");
  Answer answer;
  if (output == done.json.end() || !output->is_array()) fail("answered INFER without a list 'output'");
  for (const nlohmann::json& v : *output) {
    if (!v.is_number() || !std::isfinite(v.get<double>())) fail("answered something that is no number");
    answer.output.push_back(v.get<float>());
  }
  if (answer.output.size() != config_.classes.size())
    fail(fmt::format("answered {} values, but there are {} classes", answer.output.size(),
                     config_.classes.size()));
  if (const auto e = done.json.find("elapsed_ns"); e != done.json.end()) {
    constexpr int64_t kLongest = 86'400'000'000'000;
    if (!e->is_number_integer() || e->get<int64_t>() < 0 || e->get<int64_t>() > kLongest)
      fail("says it waited for a time that is none (elapsed_ns is 0 to a day)");
    answer.elapsed = Duration::ns(e->get<int64_t>());
  }
  return answer;
}

void InferenceProgram::shut_down(const std::string& reason) noexcept {
  try {
    if (channel_) ask(nlohmann::json{{"type", "SHUTDOWN"}, {"reason", reason}}.dump(), "SHUTDOWN", kGrace);
    channel_.reset();
    if (child_) child_->finish(kGrace);
  } catch (const std::exception&) {
    // The run is over: what a program says at its end changes nothing.
  }
}

}  // namespace xedgesim::nodes
