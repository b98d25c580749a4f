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
  json argv = {"sh", "-c", command}, environment = json::array();
  if (c.session.took) {
    c.input = std::make_unique<InputPipe>(loop_, c.session.took);
    c.pass = inputs_->issue([pipe = c.input.get()](Descriptor end) { pipe->open(std::move(end)); });
    argv.insert(argv.begin(), {kStarter, "--input"});
    environment.push_back("XEDGESIM_INPUT=" + c.pass);
  }
  const json body = {{"AttachStdout", true}, {"AttachStderr", true}, {"Cmd", argv}, {"Env", environment}};
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
                done->second.call = std::make_unique<EngineCall>(
                    loop_, config_.engine, "GET", "/exec/" + exec + "/json", "",
                    EngineCall::Handlers{
                        .piece = {}, .ended = [this, number](container::Engine::Reply reply) {
                          const json j = json::parse(reply.body, nullptr, false);
                          const bool known =
                              j.is_object() && j.contains("ExitCode") && j["ExitCode"].is_number_integer();
                          end_command(number, known ? j["ExitCode"].get<int>() : 255);
                        }});
              }});
}

void ContainerGuest::input(uint64_t command, std::string_view bytes) {
  const auto it = commands_.find(command);
  if (it != commands_.end() && it->second.input) it->second.input->write(bytes);
}

void ContainerGuest::drop_command(uint64_t number) {
  const auto it = commands_.find(number);
  if (it == commands_.end()) return;
  if (inputs_) inputs_->withdraw(it->second.pass);
  commands_.erase(it);
}

void ContainerGuest::end_command(uint64_t number, int status) {
  const auto it = commands_.find(number);
  if (it == commands_.end()) return;
  const auto session = it->second.session;
  drop_command(number);
  if (session.ended) session.ended(status);
}

/// Engines have no way to end a command in a container; its process is a child of the host.
void ContainerGuest::kill(uint64_t command) {
  const auto it = commands_.find(command);
  if (it == commands_.end()) return;
  const std::string exec = it->second.exec;
  drop_command(command);
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
