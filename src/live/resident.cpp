#include "live/resident.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/secret.h"
#include "live/run_record.h"
#include "net/ethernet/frame.h"

namespace xedgesim::live {
namespace {

constexpr Duration kForever = Duration::s(int64_t{3600} * 24 * 3650);
constexpr Duration kRound = Duration::ms(50);

scenario::Scenario on_wall(scenario::Scenario s, const std::function<void(const std::string&)>& log) {
  choose_switches(s, log);
  s.meta.clock = scenario::ScenarioMeta::Clock::wall;
  s.meta.duration = kForever;
  s.faults.clear();
  for (scenario::LinuxNode& n : s.nodes) n.exec.clear();
  return s;
}

void write_secret(const std::filesystem::path& file, const std::string& text) {
  const Descriptor fd(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (fd.get() < 0 || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw ConfigError(fmt::format("cannot write {}", file.string()));
}

}  // namespace

Resident::Resident(scenario::Scenario scenario, Options options)
    : options_(std::move(options)),
      folder_(options_.name),
      system_(on_wall(std::move(scenario), options_.log), options_.system),
      lab_({.name = options_.name,
            .k3s_secret = options_.k3s_secret,
            .crash_ends = false,
            .stop = options_.stop,
            .log = options_.log,
            .changed = [this] { note_machines(); },
            .programs = options_.programs,
            .consoles = folder_.path() / "consoles",
            .sockets = folder_.path()}) {
  system_.scheduler().attach(system_.observer_id(), observer_);
  folder_.create();
  made_ = true;
}

Resident::~Resident() { take_down(); }

void Resident::start() {
  write_record();
  server_ = std::make_unique<control::Server>("unix:" + folder_.control_socket().string(),
                                              new_secret(control::kTokenBytes));
  write_secret(
      folder_.path() / "control.json",
      nlohmann::json{{"address", server_->address()}, {"token", server_->token()}, {"pid", getpid()}}.dump(
          2) +
          "\n");
  control_ = std::make_unique<system::RunControl>(system_, *server_, folder_.path(), false);
  system_.connect_programs(folder_.path());
  lab_.connect(system_, folder_.path());
  sessions_ = std::make_unique<SessionServer>(lab_, folder_.session_socket());
}

void Resident::write_record() const {
  std::vector<std::string> bridges;
  for (const auto& w : system_.ethernet().hosted_switches())
    bridges.push_back(OpenVswitch::bridge_name(w->config()));
  SystemRecord record = record_of(lab_, bridges);
  record.name = options_.name;
  record.scenario = options_.scenario;
  record.since_unix_s = options_.since_unix_s;
  folder_.write(record);
}

/// A machine was started or ended; a full disk is no reason to stop the others.
void Resident::note_machines() {
  try {
    write_record();
  } catch (const Error& e) {
    if (options_.log) options_.log(e.what());
  }
}

void Resident::round(Duration patience) {
  lab_.step(SimTime::never(), patience, server_->waited_for());
  server_->serve([this](const control::Request& r) { return answer(r); });
}

std::vector<std::string> Resident::wait_up(Duration patience) {
  const SimTime end = lab_.clock().now() + patience;
  for (;;) {
    std::vector<std::string> missing;
    for (const auto& m : lab_.machines())
      if (!m->ready()) missing.push_back(m->id());
    const bool hopeless = std::all_of(missing.begin(), missing.end(), [this](const std::string& id) {
      return lab_.machine(id)->state() == Guest::State::crashed;
    });
    if (hopeless || stopping() || lab_.clock().now() >= end) return missing;
    round(kRound);
  }
}

void Resident::serve() {
  while (!stopping()) round(kRound);
  if (options_.log) options_.log("taking the system down");
  sessions_.reset();
  lab_.power_off(options_.grace);
  take_down();
}

void Resident::take_down() noexcept {
  sessions_.reset();
  lab_.shut_down();
  system_.shut_down_programs("end");
  control_.reset();
  server_.reset();
  std::error_code ec;
  if (made_) std::filesystem::remove_all(folder_.path(), ec);
  made_ = false;
}

nlohmann::json Resident::machines() {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& m : lab_.machines()) {
    const auto& c = lab_.counters(m->id());
    nlohmann::json one = {{"id", m->id()},
                          {"state", to_string(m->state())},
                          {"pid", m->pid()},
                          {"boots", m->boots()},
                          {"frames_in", c.frames_in},
                          {"frames_out", c.frames_out},
                          {"frames_missed", c.frames_missed},
                          {"console", m->console().file().string()}};
    for (const system::MachineNode& node : system_.ethernet().machines())
      if (node.id == m->id()) {
        const auto& cards = node.address.cards;
        for (size_t i = 0; i < cards.size(); ++i) {
          nlohmann::json card = {
              {"mac", net::ethernet::to_string(cards[i].mac)},
              {"ip", fmt::format("{}/{}", system::dotted_ipv4(cards[i].ip), cards[i].prefix)},
              {"leases", lab_.leases(node, i)}};
          if (i == 0) one.update(card);
          if (cards.size() == 1) break;
          const auto& passed = node.hosted->cards()[i];
          card.update({{"name", cards[i].name},
                       {"frames_in", passed.frames_in},
                       {"frames_out", passed.frames_out},
                       {"frames_missed", passed.frames_missed}});
          one["cards"].push_back(std::move(card));
        }
      }
    m->describe(one);
    if (const std::string terminal = lab_.terminal(m->id()); !terminal.empty()) one["terminal"] = terminal;
    if (!m->health().empty()) one["health"] = m->health();
    if (!m->reason().empty()) one["reason"] = m->reason();
    nlohmann::json groups = nlohmann::json::array();
    for (const auto& g : m->cgroups()) groups.push_back(g.string());
    one["cgroups"] = groups;
    list.push_back(std::move(one));
  }
  return list;
}

nlohmann::json Resident::answer(const control::Request& request) {
  using Command = control::Request::Command;
  switch (request.command) {
    case Command::stop:
      stopped_ = true;
      return {{"scenario", options_.name}, {"time_s", lab_.clock().now().count_s()}};
    case Command::pause:
    case Command::resume:
      throw control::RequestError("a system on the wall clock cannot be held: real time goes on");
    case Command::link_set:
    case Command::profile_apply:
      return control_->answer(request);
    case Command::status:
      break;
  }
  nlohmann::json status = control_->answer(request);
  status.erase("duration_s");
  status["system"] = options_.name;
  status["lateness_s"] = lab_.lateness().count_s();
  status["machines"] = machines();
  return status;
}

}  // namespace xedgesim::live
