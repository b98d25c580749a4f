#include "live/lab.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>

#include "base/error.h"
#include "live/container_guest.h"
#include "live/libvirt_machine.h"
#include "live/machine.h"
#include "live/process_guest.h"
#include "system/lan_config.h"

namespace xedgesim::live {
namespace {

constexpr Duration kLook = Duration::ms(50);  // between two looks at the stop flag

}  // namespace

Lab::Lab(Config config) : config_(std::move(config)) {}
Lab::~Lab() { shut_down(); }

SimTime Lab::stamp() const { return std::max(clock_->now(), system_->scheduler().now()); }

void Lab::connect(system::System& system, const std::filesystem::path& folder) {
  system_ = &system;
  try {
    start_machines(folder);
  } catch (...) {
    shut_down();
    throw;
  }
}

void Lab::start_machines(const std::filesystem::path& folder) {
  system::System& system = *system_;
  for (auto& config : system::lan_configs(system.scenario()))
    responders_.push_back(std::make_unique<lan::Responder>(std::move(config)));
  host_ = std::make_unique<HostNetwork>(loop_, system, *responders_.front());
  start_dnsmasq(folder / "vm" / "dnsmasq");
  for (system::MachineNode& m : system.ethernet().machines()) {
    if (!m.hosted) continue;
    if (m.group->type == scenario::LinuxNode::Type::host)
      host_->add_device(m, [this, &m](sim::Bytes frame) { from_machine(m, 0, std::move(frame)); });
    else
      add(m, folder / "vm");
  }
  for (const auto& w : system.ethernet().hosted_switches())
    switches_.push_back(std::make_unique<OpenVswitch>(
        loop_, *w, [this, &w = *w](const sim::Event& e) { system_->scheduler().post(w.participant(), e); },
        [this] { return clock_ ? stamp() : SimTime::zero(); }));
  if (config_.changed && !switches_.empty()) config_.changed();
  if (config_.log)
    for (const std::string& line : host_->told()) config_.log(line);
  prctl(PR_SET_TIMERSLACK, 1000UL);  // ns; the usual 50 µs would be seen in every delay
  for (auto& m : machines_) m->start();
  clock_ = std::make_unique<WallClock>();
}

/// Where the scenario wants it. Throws ConfigError when it has to be and cannot.
void Lab::start_dnsmasq(const std::filesystem::path& folder) {
  using Server = scenario::Lan::Server;
  const auto& lan = system_->scenario().network.lan;
  if (!lan || lan->server == Server::builtin) return;
  std::filesystem::path program;
  std::string refusal = Dnsmasq::missing(program);
  if (refusal.empty() && host_->leads_outside())
    refusal = "it knows no names outside of the network, which `uplink` and `ports` lead to";
  if (!refusal.empty() && lan->server == Server::dnsmasq)
    throw ConfigError(fmt::format("network.lan.server: dnsmasq: {}; or use builtin", refusal));
  if (!refusal.empty()) {
    if (config_.log) config_.log(fmt::format("addresses and names: builtin, not dnsmasq: {}", refusal));
    return;
  }
  for (size_t i = 0; i < responders_.size(); ++i) {
    const auto own = folder / system::dotted_ipv4(responders_[i]->config().ip);
    dnsmasqs_.push_back(std::make_unique<Dnsmasq>(
        loop_, *responders_[i],
        Dnsmasq::Config{
            .program = program,
            .folder = own,
            .frame = [this, i](net::ethernet::Mac to, const sim::Bytes& frame) { from_server(i, to, frame); },
            .ended = [this](const std::string& why) { crashed(why); }}));
    if (config_.log)
      config_.log(fmt::format("addresses and names: {}, its words in {}", program.string(),
                              dnsmasqs_.back()->log().string()));
  }
}

/// Of a machine, or of what serves them.
void Lab::crashed(const std::string& why) {
  if (config_.log) config_.log(why);
  if (config_.crash_ends && crash_.empty()) crash_ = why;
}

void Lab::from_server(size_t network, net::ethernet::Mac to, const sim::Bytes& frame) {
  for (const system::MachineNode& m : system_->ethernet().machines())
    for (size_t card = 0; m.hosted && m.hosted->to_machine && card < m.address.cards.size(); ++card)
      if ((is_group(to) || to == m.address.cards[card].mac) && network_of(m, card) == network)
        m.hosted->to_machine(card, frame);
}

uint64_t Lab::leases(const system::MachineNode& node, size_t card) const {
  const size_t network = network_of(node, card);
  const net::ethernet::Mac mac = node.address.cards[card].mac;
  return dnsmasqs_.empty() ? responders_[network]->leases(mac) : dnsmasqs_[network]->leases(mac);
}

/// Throws ConfigError for what is missing on this host.
std::unique_ptr<Guest> Lab::make_guest(system::MachineNode& node, const std::filesystem::path& folder,
                                       Guest::Outside outside) {
  const auto tell = [&](const std::string& text) {
    if (config_.log) config_.log(fmt::format("{}: {}", node.id, text));
  };
  const std::filesystem::path console =
      config_.consoles.empty() ? folder / (node.id + ".console") : config_.consoles / (node.id + ".log");
  const std::string group = fmt::format("xedgesim-{}-{}", config_.name, node.id);
  if (node.group->type == scenario::LinuxNode::Type::vm) {
    const auto k3s = k3s_of(node, folder);
    Machine::Config c{.setup = machine_setup(node, k3s ? &*k3s : nullptr),
                      .folder = folder,
                      .console = console,
                      .group = group,
                      .libvirt = find_libvirt(node),
                      .system = config_.name,
                      .sockets = config_.sockets};
    if (c.libvirt) {
      const std::string refused = refused_by_session(*node.group, *c.libvirt);
      if (!refused.empty()) c.setup.unlimited = refused;
    }
    if (!c.setup.kvm && !c.setup.no_kvm.empty()) tell("emulated, not under KVM: " + c.setup.no_kvm);
    if (!c.setup.unlimited.empty()) tell("goes without limits: " + c.setup.unlimited);
    return std::make_unique<Machine>(loop_, std::move(c), std::move(outside));
  }
  if (node.group->type == scenario::LinuxNode::Type::container)
    if (const container::Engine* engine = find_engine(node)) {
      ContainerGuest::Config c{
          .setup = container_setup(node, responder(node, 0).config()),
          .system = config_.name,
          .engine = *engine,
          .folder = folder,
          .console = console,
          .programs = config_.programs,
          .best_effort = node.group->limits == scenario::LinuxNode::LimitPolicy::best_effort};
      if (const auto k3s = k3s_of(node, folder)) add_k3s(c.setup, *k3s, folder / (node.id + ".k3s"));
      return std::make_unique<ContainerGuest>(loop_, std::move(c), std::move(outside));
    }
  ProcessGuest::Config c{.setup = process_setup(node, responder(node, 0).config()),
                         .folder = folder,
                         .console = console,
                         .group = group};
  if (const auto k3s = k3s_of(node, folder)) add_k3s(c.setup, *k3s, folder / (node.id + ".k3s"));
  if (!c.setup.unlimited.empty()) tell("goes without limits: " + c.setup.unlimited);
  return std::make_unique<ProcessGuest>(loop_, std::move(c), std::move(outside));
}

/// Nothing for a node without a role. A process that sees the host's files has its own in a folder.
std::optional<system::K3sPlan> Lab::k3s_of(const system::MachineNode& node,
                                           const std::filesystem::path& folder) const {
  const scenario::LinuxNode& n = *node.group;
  if (n.role == scenario::LinuxNode::Role::none) return std::nullopt;
  const bool sees_host = n.type == scenario::LinuxNode::Type::process && n.image.empty();
  return system::k3s_plan(
      system_->scenario(), n, node.id, config_.k3s_secret,
      sees_host ? std::filesystem::absolute(folder / (node.id + ".k3s")) : std::filesystem::path());
}

/// `exec` of a node without a shell on its console: what the command prints is on the console all the same.
void Lab::run_typed(Guest& machine, std::string_view text) {
  while (text.ends_with('\r') || text.ends_with('\n')) text.remove_suffix(1);
  const std::string command(text);
  const auto say = [&machine](const std::string& words) {
    machine.console().feed("xedgesim: " + words + "\n");
  };
  if (!machine.ready()) return say("it is off: not run: " + command);
  const auto number =
      machine.run(command, {.output = [&machine](bool, std::string_view b) { machine.console().feed(b); },
                            .ended =
                                [say, command](int status) {
                                  if (status != 0) say(fmt::format("exit code {}: {}", status, command));
                                }});
  if (!number) say("too many commands at once: not run: " + command);
}

/// Null for a machine that we run ourselves. Throws ConfigError when libvirt does not answer.
std::shared_ptr<libvirt::Connection> Lab::find_libvirt(const system::MachineNode& node) {
  if (node.group->backend != scenario::LinuxNode::Backend::libvirt) return nullptr;
  if (!libvirt_) {
    try {
      libvirt_ = std::make_shared<libvirt::Connection>();
    } catch (const ConfigError& e) {
      throw ConfigError(fmt::format("node '{}': {}", node.id, e.what()));
    }
    remove_orphans(*libvirt_);
  }
  return libvirt_;
}

/// Null when the host has none and the node's image is one of ours, whose files a process can see as well.
/// Throws ConfigError when it is not.
const container::Engine* Lab::find_engine(const system::MachineNode& node) {
  if (!engine_) {
    engine_ = container::Engine::find(no_engine_);
    if (engine_) remove_orphans(*engine_);
  }
  if (engine_) return &*engine_;
  if (!local_image(node.group->image))
    throw ConfigError(
        fmt::format("node '{}': {}: start Docker or Podman's service (scripts/setup --with containers), "
                    "name its socket by DOCKER_HOST, or use type: process",
                    node.id, no_engine_));
  if (config_.log)
    config_.log(fmt::format("{}: {}: its image's files run as processes in namespaces", node.id, no_engine_));
  return nullptr;
}

void Lab::add(system::MachineNode& node, const std::filesystem::path& folder) {
  nodes_[node.id] = &node;
  system::HostedMachine& hosted = *node.hosted;
  machines_.push_back(make_guest(
      node, folder,
      {.frame = [this, &node](size_t card, sim::Bytes frame) { from_machine(node, card, std::move(frame)); },
       .line =
           [this, &node](std::string_view text) {
             system_->scheduler().post(node.participant, node.hosted->line(text, stamp()));
           },
       .changed =
           [this] {
             if (config_.changed) config_.changed();
           },
       .crashed = [this](const std::string& why) { crashed(why); }}));
  Guest& machine = *machines_.back();
  hosted.to_machine = [&machine](size_t card, const sim::Bytes& frame) {
    return machine.to_network(card, frame);
  };
  if (node.group->type == scenario::LinuxNode::Type::vm)
    hosted.typed = [&machine](std::string_view text) { machine.to_console(text); };
  else
    hosted.typed = [this, &machine](std::string_view text) { run_typed(machine, text); };
  hosted.carrier = [&machine](size_t card, bool up) { machine.set_carrier(card, up); };
  if (node.group->health)
    health_watches_.push_back(std::make_unique<HealthWatch>(loop_, machine, *node.group->health));
  if (node.group->console == scenario::LinuxNode::Console::pty) {
    const auto& terminal = terminals_[node.id] = std::make_unique<ConsolePty>(
        loop_, machine.console(), [&machine](std::string_view b) { machine.to_console(b); });
    if (config_.log) config_.log(fmt::format("{}: its console is {}", node.id, terminal->path()));
  }
  hosted.usage = [&machine] { return machine.usage(); };
  hosted.control = [this, &machine](nodes::ControlCode code) { control(machine, code); };
}

size_t Lab::network_of(const system::MachineNode& node, size_t card) const {
  const system::CardAddress& c = node.address.cards[card];
  for (size_t i = 0; i < responders_.size(); ++i)
    if (responders_[i]->config().prefix == c.prefix && responders_[i]->in_network(c.ip)) return i;
  return 0;
}

const lan::Responder& Lab::responder(const system::MachineNode& node, size_t card) const {
  return *responders_[network_of(node, card)];
}

void Lab::from_machine(system::MachineNode& node, size_t card, sim::Bytes frame) {
  const size_t network = network_of(node, card);
  if (!dnsmasqs_.empty() && dnsmasqs_[network]->take(frame)) return;
  const auto outcome = responders_[network]->take(frame);
  for (const sim::Bytes& answer : outcome.answers) node.hosted->to_machine(card, answer);
  if (outcome.outward && network == 0) host_->outward(frame);
  if (!outcome.taken)
    system_->scheduler().post(node.participant, node.hosted->frame(card, std::move(frame), stamp()));
}

void Lab::control(Guest& machine, nodes::ControlCode code) {
  using nodes::ControlCode;
  switch (code) {
    case ControlCode::fail:
      return machine.pause(true);
    case ControlCode::recover:
      return machine.pause(false);
    case ControlCode::power_off:
      return machine.stop();
    case ControlCode::power_on:
      return machine.start();
    case ControlCode::reset:
      machine.stop();
      return machine.start();
    default:
      XEDGESIM_ASSERT(!"a control code for boards reached a machine");
  }
}

std::vector<std::string> Lab::bridges() const {
  std::vector<std::string> out;
  for (const auto& w : switches_) out.push_back(w->bridge());
  return out;
}

std::string Lab::terminal(const std::string& id) const {
  const auto t = terminals_.find(id);
  return t == terminals_.end() ? "" : t->second->path();
}

Guest* Lab::machine(const std::string& id) {
  for (auto& m : machines_)
    if (m->id() == id) return m.get();
  return nullptr;
}

const system::HostedMachine::Counters& Lab::counters(const std::string& id) const {
  auto& c = nodes_.at(id)->hosted->counters();
  for (const auto& m : machines_)
    if (m->id() == id) c.boots = m->boots();
  return c;
}

void Lab::step(SimTime end, Duration patience, const std::vector<pollfd>& others) {
  sim::Scheduler& scheduler = system_->scheduler();
  const SimTime now = std::min(clock_->now(), end), due = scheduler.next_time();
  if (due < now) lateness_ = std::max(lateness_, now - due);
  if (now >= scheduler.now()) scheduler.run_until(now);
  for (auto& m : machines_) m->flush();
  const SimTime next = std::min(scheduler.next_time(), end);
  patience = std::min(patience, next.is_never() ? patience : next - clock_->now());
  waited_for_.assign(others.begin(), others.end());
  patience = host_->prepare(waited_for_, patience);
  loop_.wait(patience, waited_for_);
  host_->serve();
}

bool Lab::run_until(SimTime end) {
  while (system_->scheduler().now() < end) {
    if (config_.stop && config_.stop->load(std::memory_order_relaxed)) return false;
    step(end, kLook);
    if (!crash_.empty()) throw SimulationError(crash_);
  }
  return true;
}

void Lab::power_off(Duration grace) noexcept {
  try {
    for (auto& m : machines_) m->ask_off();
    const SimTime end = clock_->now() + grace;
    const auto running = [&] {
      return std::any_of(machines_.begin(), machines_.end(), [](const auto& m) { return m->running(); });
    };
    while (running() && clock_->now() < end) step(SimTime::never(), Duration::ms(20));
  } catch (const std::exception& e) {
    if (config_.log) config_.log(e.what());
  }
  shut_down();
}

void Lab::shut_down() noexcept {
  for (auto& w : health_watches_) w->retire();
  for (auto& m : machines_) {
    if (nodes_.contains(m->id()) && system_) counters(m->id());
    m->stop();
  }
  health_watches_.clear();
  terminals_.clear();
  dnsmasqs_.clear();
  host_.reset();
  switches_.clear();
  system_ = nullptr;
}

}  // namespace xedgesim::live
