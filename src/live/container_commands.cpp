// Commands in a container that runs: exec of the engine's API.
#include <signal.h>

#include "base/error.h"
#include "live/container_guest.h"
#include "live/host_process.h"

namespace xedgesim::live {

using nlohmann::json;

std::optional<uint64_t> ContainerGuest::run(const std::string& command, CommandSession session) {
  if (commands_.size() >= kMostCommands) return std::nullopt;
  const uint64_t number = ++numbers_;
  Command& c = commands_[number];
  c.session = std::move(session);
  const json body = {{"AttachStdin", c.session.took != nullptr},
                     {"AttachStdout", true},
                     {"AttachStderr", true},
                     {"Cmd", {"sh", "-c", command}}};
  c.call = std::make_unique<EngineCall>(
      loop_, config_.engine, "POST", "/containers/" + container_ + "/exec",
      body.dump(-1, ' ', false, json::error_handler_t::replace),
      EngineCall::Handlers{.piece = {}, .ended = [this, number](container::Engine::Reply reply) {
                             const json j = json::parse(reply.body, nullptr, false);
                             if (reply.status == 201 && j.is_object())
                               return start_command(number, j.value("Id", ""));
                             if (const auto it = commands_.find(number);
                                 it != commands_.end() && it->second.session.output)
                               it->second.session.output(true, container::message_of(reply) + "\n");
                             end_command(number, 126);
                           }});
  return number;
}

void ContainerGuest::start_command(uint64_t number, const std::string& exec) {
  const auto it = commands_.find(number);
  if (it == commands_.end()) return;
  Command& c = it->second;
  c.exec = exec;
  const auto output = c.session.output;
  c.streams = std::make_unique<container::StreamSplitter>([output](bool error, std::string_view b) {
    if (output) output(error, b);
  });
  auto* streams = c.streams.get();
  c.call = std::make_unique<EngineCall>(
      loop_, config_.engine, "POST", "/exec/" + exec + "/start", R"({"Detach":false,"Tty":false})",
      EngineCall::Handlers{
          .piece = [streams](std::string_view b) { streams->feed(b); },
          .ended =
              [this, number, exec](container::Engine::Reply) {
                const auto done = commands_.find(number);
                if (done == commands_.end()) return;
                done->second.takes_input = false;
                done->second.call = std::make_unique<EngineCall>(
                    loop_, config_.engine, "GET", "/exec/" + exec + "/json", "",
                    EngineCall::Handlers{
                        .piece = {}, .ended = [this, number](container::Engine::Reply reply) {
                          const json j = json::parse(reply.body, nullptr, false);
                          const bool known =
                              j.is_object() && j.contains("ExitCode") && j["ExitCode"].is_number_integer();
                          end_command(number, known ? j["ExitCode"].get<int>() : 255);
                        }});
              },
          .begun =
              [this, number](int status) {
                const auto begun = commands_.find(number);
                if (begun == commands_.end() || status != 200 || !begun->second.session.took) return;
                begun->second.takes_input = true;
                send_input(number);
              },
          .drained =
              [this, number] {
                const auto sent = commands_.find(number);
                if (sent == commands_.end() || !std::exchange(sent->second.sending, false)) return;
                sent->second.input.pop_front();
                if (const auto took = sent->second.session.took) took();
                send_input(number);
              }});
}

/// One piece at a time: who sends them waits until they have been taken.
void ContainerGuest::send_input(uint64_t number) {
  Command& c = commands_.at(number);
  if (!c.takes_input || c.sending) return;
  if (!c.input.empty()) {
    c.sending = true;
    c.call->send(c.input.front());
  } else if (c.input_ends) {
    c.takes_input = false;
    c.call->end_input();
  }
}

void ContainerGuest::input(uint64_t command, std::string_view bytes) {
  const auto it = commands_.find(command);
  if (it == commands_.end()) return;
  if (bytes.empty())
    it->second.input_ends = true;
  else
    it->second.input.emplace_back(bytes);
  send_input(command);
}

void ContainerGuest::end_command(uint64_t number, int status) {
  const auto it = commands_.find(number);
  if (it == commands_.end()) return;
  const auto session = it->second.session;
  commands_.erase(it);
  if (session.ended) session.ended(status);
}

/// Engines have no way to end a command in a container; its process is a child of the host.
void ContainerGuest::kill(uint64_t command) {
  const auto it = commands_.find(command);
  if (it == commands_.end()) return;
  const std::string exec = it->second.exec;
  commands_.erase(it);
  if (exec.empty()) return;
  try {
    const json j =
        config_.engine.demand("inspect", "GET", "/exec/" + exec + "/json", nullptr, Duration::s(5));
    if (j.value("Running", false))
      if (const auto process = find_process(j.value("Pid", -1))) signal_process(*process, SIGKILL);
  } catch (const Error&) {
    // It is gone already.
  }
}

}  // namespace xedgesim::live
