#include "live/container_guest.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/whole_file.h"
#include "live/host_process.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kInputSocket = "/.xedgesim-input";  // in the container, as container-start knows it
constexpr int64_t kCpuPeriod = 100'000;                   // µs
constexpr int kStopGrace = 10;                            // seconds

}  // namespace

ContainerGuest::ContainerGuest(EventLoop& loop, Config config, Outside outside)
    : CardGuest(loop, config.setup.id, config.setup.cards.size(), config.console, std::move(outside)),
      config_(std::move(config)) {
  const std::string& name = config_.setup.image;
  const auto image = config_.engine.image(name);
  if (!image)
    throw ConfigError(fmt::format(
        "node '{}': the container engine at {} has no image '{}': load or build it there{}", id(),
        config_.engine.socket().string(), name,
        local_image(name) ? fmt::format(" (`xedgesim image build {} --load`)", local_image(name)->name)
                          : ""));
  image_ = *image;
  if (!image_.architecture.empty() && image_.architecture != container::host_architecture())
    throw ConfigError(
        fmt::format("node '{}': the image '{}' is for {}, this host is {}: use one for this processor, "
                    "or a machine of type vm with arch",
                    id(), name, image_.architecture, container::host_architecture()));
  if (image_.entrypoint.empty() && image_.command.empty() && config_.setup.command.empty())
    throw ConfigError(
        fmt::format("node '{}': the image '{}' names nothing to run: set `command`", id(), name));
  if (!fs::exists(config_.programs / "container-start"))
    throw ConfigError(fmt::format("node '{}': {} is missing: build this program anew", id(),
                                  (config_.programs / "container-start").string()));
  limits();
}

ContainerGuest::~ContainerGuest() { stop(); }

void ContainerGuest::describe(json& out) const {
  out["kind"] = "container";
  out["arch"] = image_.architecture;
  out["image"] = config_.setup.image;
  out["image_id"] = image_.id;
  out["container"] = container_;
  out["engine"] = config_.engine.socket().string();
}

/// What the engine is to hold it to. Throws ConfigError for what this host's kernel does not let it.
json ContainerGuest::limits() const {
  const vm::Limits& l = config_.setup.limits;
  json out = json::object();
  if (!l.any()) return out;
  const json info = config_.engine.demand("cannot ask for its limits", "GET", "/info");
  const auto can = [&](const char* what, const char* key) {
    if (info.value(what, true)) return true;
    if (!config_.best_effort)
      throw ConfigError(
          fmt::format("node '{}': the container engine cannot set {} on this host; set `limits: "
                      "best-effort` to go without",
                      id(), key));
    return false;
  };
  if (l.memory_hard && can("MemoryLimit", "memory_limit")) out["Memory"] = *l.memory_hard;
  if (l.memory_soft && can("MemoryLimit", "memory_limit")) out["MemoryReservation"] = *l.memory_soft;
  if (l.cpu_quota && can("CpuCfsQuota", "cpu_quota")) {
    out["CpuPeriod"] = kCpuPeriod;
    out["CpuQuota"] =
        std::max<int64_t>(1000, static_cast<int64_t>(*l.cpu_quota * static_cast<double>(kCpuPeriod)));
  }
  if (l.cpu_shares && can("CPUShares", "cpu_shares")) out["CpuShares"] = *l.cpu_shares;
  return out;
}

json ContainerGuest::creation() const {
  const ContainerSetup& s = config_.setup;
  const fs::path files = fs::absolute(config_.folder / (id() + ".etc"));
  std::vector<std::string> command = s.whole_command ? std::vector<std::string>{} : image_.entrypoint;
  const auto& rest = s.command.empty() ? image_.command : s.command;
  command.insert(command.end(), rest.begin(), rest.end());
  json mounts = json::array();
  const auto mount = [&](const fs::path& from, const fs::path& to, bool read_only) {
    mounts.push_back(
        {{"Type", "bind"}, {"Source", from.string()}, {"Target", to.string()}, {"ReadOnly", read_only}});
  };
  for (const container::Volume& v : s.volumes) mount(v.host, v.inside, v.read_only);
  mount(fs::absolute(config_.programs / "container-start"), kStarter, true);
  mount(files / "input", kInputSocket, true);
  mount(files / "hosts", "/etc/hosts", false);
  mount(files / "resolv.conf", "/etc/resolv.conf", false);
  json host = limits();
  host["NetworkMode"] = "none";
  host["Mounts"] = mounts;
  host["RestartPolicy"] = {{"Name", "no"}};
  return {{"Image", s.image},
          {"Hostname", s.id},
          {"Entrypoint", json::array({kStarter})},
          {"Cmd", command},
          {"Env", s.environment},
          {"Labels", {{kSystemLabel, config_.system}, {kNodeLabel, s.id}, {kOwnerLabel, this_program()}}},
          {"HostConfig", host}};
}

void ContainerGuest::write_files() const {
  const fs::path folder = config_.folder / (id() + ".etc");
  std::error_code ec;
  fs::create_directories(folder, ec);
  for (const auto& [name, text] :
       {std::pair("hosts", &config_.setup.hosts), {"resolv.conf", &config_.setup.resolv}})
    write_whole_file(folder / name, *text);
}

void ContainerGuest::start() {
  if (running()) return;
  const container::Engine& engine = config_.engine;
  const std::string trouble = fmt::format("node '{}': the container does not start", id());
  write_files();
  inputs_ = std::make_unique<InputListener>(loop_, config_.folder / (id() + ".etc") / "input");
  container_ = engine.demand(trouble, "POST", "/containers/create", creation()).value("Id", "");
  outside_.changed();  // so that it is written down before it runs
  try {
    engine.demand(trouble, "POST", "/containers/" + container_ + "/start");
    const json state =
        engine.demand(trouble, "GET", "/containers/" + container_ + "/json").value("State", json::object());
    pid_ = state.value("Pid", -1);
    if (pid_ > 0) pidfd_ = open_pidfd(pid_);
    if (pid_ <= 0 || pidfd_.get() < 0)
      throw ConfigError(
          fmt::format("{}: it ended at once with exit code {}", trouble, state.value("ExitCode", -1)));
    // The first one last: container-start waits for it.
    std::vector<Descriptor> cards(config_.setup.cards.size());
    for (size_t i = cards.size(); i-- > 0;) cards[i] = container::make_card(pid_, config_.setup.cards[i]);
    plug(std::move(cards));
  } catch (...) {
    forget_all();
    throw;
  }
  log_ended_ = false;
  log_bytes_ = 0;
  log_streams_ = std::make_unique<container::StreamSplitter>([this](bool, std::string_view b) {
    log_bytes_ += b.size();
    console_.feed(b);
  });
  logs_ = std::make_unique<EngineCall>(
      loop_, engine, "GET", "/containers/" + container_ + "/logs?follow=true&stdout=true&stderr=true", "",
      EngineCall::Handlers{.piece = [this](std::string_view b) { log_streams_->feed(b); },
                           .ended = [this](const container::Engine::Reply&) { log_ended_ = true; }});
  loop_.watch(pidfd_.get(), [this](short) { ended(); });
  ++boots_;
  reason_.clear();
  set_state(State::up);
}

/// Its first program is gone: by itself, or because we asked for it. The engine learns of it a moment later.
void ContainerGuest::ended() {
  loop_.forget(pidfd_.get());
  const auto ask = [this](std::string_view method, const std::string& what,
                          std::function<void(container::Engine::Reply)> then) {
    last_words_ =
        std::make_unique<EngineCall>(loop_, config_.engine, method, "/containers/" + container_ + what, "",
                                     EngineCall::Handlers{.piece = {}, .ended = std::move(then)});
  };
  ask("POST", "/wait", [this, ask](const container::Engine::Reply&) {
    ask("GET", "/json", [this](const container::Engine::Reply& reply) {
      const json j = json::parse(reply.body, nullptr, false);
      bury(j.is_object() ? j.value("State", json::object()) : json());
    });
  });
}

void ContainerGuest::bury(const json& state) {
  take_rest_of_log();
  forget_all();
  if (!state.is_object() || !state.contains("ExitCode")) return tell_crash("its container is gone");
  const int status = state.value("ExitCode", -1);
  if (status == 0) return set_state(State::off);
  tell_crash(state.value("OOMKilled", false) ? "it used more memory than its limit and was killed"
             : status > 128 ? fmt::format("its container was ended by signal {}", status - 128)
                            : fmt::format("its container ended with exit code {}", status));
}

/// Podman hands lines over late: what has not come yet is asked for.
void ContainerGuest::take_rest_of_log() {
  if (log_ended_) return;
  try {
    size_t seen = 0;
    container::StreamSplitter rest([&](bool, std::string_view b) {
      const size_t known = std::min(b.size(), log_bytes_ - std::min(log_bytes_, seen));
      seen += b.size();
      if (known < b.size()) console_.feed(b.substr(known));
    });
    rest.feed(config_.engine.call("GET", "/containers/" + container_ + "/logs?stdout=true&stderr=true").body);
  } catch (const Error&) {
    // Then this was all.
  }
}

void ContainerGuest::forget_all() noexcept {
  if (pidfd_.get() >= 0) loop_.forget(pidfd_.get());
  while (!commands_.empty()) end_command(commands_.begin()->first, 255);
  inputs_.reset();
  last_words_.reset();
  spent_ += usage_.cpu;
  usage_ = {};
  statistics_.reset();
  logs_.reset();
  unplug();
  orders_.clear();
  pidfd_ = Descriptor();
  pid_ = -1;
  try {
    if (!container_.empty()) config_.engine.remove(container_);
  } catch (const Error&) {
    // The engine is gone, and its containers are its own affair; remove_orphans() looks again.
  }
  container_.clear();
}

void ContainerGuest::stop() noexcept {
  if (container_.empty()) return;
  forget_all();
  set_state(State::off);
}

/// Something whose answer nobody waits for.
void ContainerGuest::order(const std::string& what, const std::string& target) {
  const uint64_t number = ++numbers_;
  try {
    orders_[number] = std::make_unique<EngineCall>(
        loop_, config_.engine, "POST", "/containers/" + container_ + target, "",
        EngineCall::Handlers{.piece = {}, .ended = [this, number, what](container::Engine::Reply reply) {
                               if (reply.status < 200 || reply.status > 304)
                                 console_.feed(fmt::format("xedgesim: cannot {}: {}\n", what,
                                                           container::message_of(reply)));
                               orders_.erase(number);
                             }});
  } catch (const SimulationError& e) {
    console_.feed(fmt::format("xedgesim: cannot {}: {}\n", what, e.what()));
  }
}

void ContainerGuest::ask_off() noexcept {
  if (!running()) return;
  if (state_ == State::paused) order("unpause", "/unpause");
  order("stop", fmt::format("/stop?t={}", kStopGrace));
}

void ContainerGuest::pause(bool paused) {
  if (!running() || (state_ == State::paused) == paused) return;
  order(paused ? "pause" : "unpause", paused ? "/pause" : "/unpause");
  set_state(paused ? State::paused : State::up);
}

void ContainerGuest::take_statistics(const std::string& body) const {
  const json j = json::parse(body, nullptr, false);
  if (!j.is_object() || !j.contains("cpu_stats")) return;
  const json cpu = j["cpu_stats"].value("cpu_usage", json::object());
  usage_ = Usage{.cpu = Duration::ns(cpu.value("total_usage", int64_t{0})),
                 .memory = j.value("memory_stats", json::object()).value("usage", int64_t{0})};
}

/// The engine's latest figures; asking for newer ones.
std::optional<Guest::Usage> ContainerGuest::usage() const {
  if (running() && !statistics_) try {
      statistics_ = std::make_unique<EngineCall>(
          loop_, config_.engine, "GET", "/containers/" + container_ + "/stats?stream=false&one-shot=true", "",
          EngineCall::Handlers{.piece = {}, .ended = [this](container::Engine::Reply reply) {
                                 take_statistics(reply.body);
                                 statistics_.reset();
                               }});
    } catch (const SimulationError&) {
      // Then there is no newer figure.
    }
  return Usage{.cpu = spent_ + usage_.cpu, .memory = usage_.memory};
}

size_t remove_orphans(const container::Engine& engine) noexcept {
  size_t removed = 0;
  try {
    for (const auto& [id, labels] : engine.containers(kOwnerLabel)) {
      const auto owner = labels.find(kOwnerLabel);
      if (owner == labels.end() || program_lives(owner->second)) continue;
      removed += engine.remove(id);
    }
  } catch (const std::exception&) {
    // Nothing to be done about an engine that does not answer.
  }
  return removed;
}

}  // namespace xedgesim::live
