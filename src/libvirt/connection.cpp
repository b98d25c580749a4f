#include "libvirt/connection.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "libvirt/wall_domain.h"

#ifdef XEDGESIM_LIBVIRT
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#endif

namespace xedgesim::libvirt {

std::string Connection::usual_uri() {
  if (const char* named = std::getenv("LIBVIRT_DEFAULT_URI"); named && *named) return named;
  return geteuid() == 0 ? "qemu:///system" : "qemu:///session";
}

#ifdef XEDGESIM_LIBVIRT

namespace {

std::string last_words() {
  const char* text = virGetLastErrorMessage();
  std::string out = text ? text : "unknown error";
  std::replace(out.begin(), out.end(), '\n', ' ');
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

[[noreturn]] void fail(const char* what) {
  throw SimulationError(fmt::format("libvirt: {}: {}", what, last_words()));
}

virDomainPtr as_domain(void* handle) { return static_cast<virDomainPtr>(handle); }
virConnectPtr as_connection(const std::shared_ptr<void>& handle) {
  return static_cast<virConnectPtr>(handle.get());
}

/// A string of libvirt's, which is ours to free.
std::string taken(char* text) {
  const std::string out = text ? text : "";
  std::free(text);
  return out;
}

std::string definition(virDomainPtr domain) { return taken(virDomainGetXMLDesc(domain, 0)); }

/// Sockets and files of ours are this host's, and so must the daemon be.
void demand_this_host(const std::string& uri) {
  const size_t colon = uri.find("://");
  const std::string scheme = uri.substr(0, colon);
  const bool far = scheme.find("+ssh") != std::string::npos || scheme.find("+tcp") != std::string::npos ||
                   scheme.find("+tls") != std::string::npos || scheme.find("+libssh") != std::string::npos;
  const bool host = colon != std::string::npos && colon + 3 < uri.size() && uri[colon + 3] != '/';
  if (far || host)
    throw ConfigError(fmt::format(
        "libvirt at {} is another host's, and machines are tied to us by sockets of this one: set "
        "LIBVIRT_DEFAULT_URI to qemu:///session or qemu:///system",
        uri));
}

}  // namespace

Domain::~Domain() { virDomainFree(as_domain(handle_)); }

void Domain::start() {
  if (virDomainCreate(as_domain(handle_)) != 0) fail("it does not start");
}

void Domain::suspend() {
  if (virDomainSuspend(as_domain(handle_)) != 0) fail("it cannot be paused");
}

void Domain::resume() {
  if (virDomainResume(as_domain(handle_)) != 0) fail("it does not go on");
}

void Domain::monitor(const std::string& json) {
  char* answer = nullptr;
  if (virDomainQemuMonitorCommand(as_domain(handle_), json.c_str(), &answer, 0) != 0)
    fail("QEMU's monitor does not answer");
  taken(answer);
}

void Domain::press_power_button() {
  if (virDomainShutdown(as_domain(handle_)) != 0) fail("it cannot be asked to switch itself off");
}

Domain::State Domain::state(std::string* why) const noexcept {
  int state = 0, reason = 0;
  if (virDomainGetState(as_domain(handle_), &state, &reason, 0) != 0) return State::gone;
  const auto say = [&](State s, const char* words) {
    if (why) *why = words;
    return s;
  };
  switch (state) {
    case VIR_DOMAIN_PAUSED:
      return say(State::paused, "paused");
    case VIR_DOMAIN_CRASHED:
      return say(State::crashed, "its guest crashed");
    case VIR_DOMAIN_SHUTOFF:
      if (reason == VIR_DOMAIN_SHUTOFF_SHUTDOWN) return say(State::off, "shut down by its guest");
      if (reason == VIR_DOMAIN_SHUTOFF_DESTROYED) return say(State::off, "destroyed by somebody else");
      if (reason == VIR_DOMAIN_SHUTOFF_CRASHED) return say(State::crashed, "QEMU ended by itself");
      if (reason == VIR_DOMAIN_SHUTOFF_FAILED) return say(State::failed, "QEMU failed");
      return say(State::off, "off");
    default:
      return say(State::running, "running");
  }
}

void Domain::remove() noexcept {
  virDomainDestroy(as_domain(handle_));
  if (virDomainUndefineFlags(as_domain(handle_), VIR_DOMAIN_UNDEFINE_NVRAM) != 0)
    virDomainUndefine(as_domain(handle_));
}

std::string Connection::missing() { return {}; }

Connection::Connection(const std::string& uri) : uri_(uri) {
  demand_this_host(uri);
  virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});  // it would print
  if (virInitialize() != 0) throw ConfigError("libvirt's library does not start: " + last_words());
  virConnectPtr c = virConnectOpen(uri.c_str());
  if (!c)
    throw ConfigError(fmt::format(
        "no libvirt answers at {}: {}; start libvirtd (scripts/setup --with libvirt), name another "
        "by LIBVIRT_DEFAULT_URI, or use backend: qemu",
        uri, last_words()));
  handle_ = std::shared_ptr<void>(c, [](void* p) { virConnectClose(static_cast<virConnectPtr>(p)); });
}

bool Connection::is_session() const { return uri_.find("/session") != std::string::npos; }

bool Connection::sets_user() const {
  const std::string all = taken(virConnectGetCapabilities(as_connection(handle_)));
  return all.find("<model>dac</model>") != std::string::npos;
}

std::string Connection::version() const {
  const auto dotted = [](unsigned long v) {
    return fmt::format("{}.{}.{}", v / 1'000'000, v / 1000 % 1000, v % 1000);
  };
  unsigned long library = 0, hypervisor = 0;
  virConnectGetLibVersion(as_connection(handle_), &library);
  virConnectGetVersion(as_connection(handle_), &hypervisor);
  const char* type = virConnectGetType(as_connection(handle_));
  return fmt::format("libvirt {}, {} {}", dotted(library), type ? type : "?", dotted(hypervisor));
}

std::unique_ptr<Domain> Connection::define(const std::string& xml) {
  virDomainPtr d = virDomainDefineXMLFlags(as_connection(handle_), xml.c_str(), VIR_DOMAIN_DEFINE_VALIDATE);
  if (!d) throw ConfigError(fmt::format("libvirt at {} does not take it: {}", uri_, last_words()));
  return std::unique_ptr<Domain>(new Domain(handle_, d));
}

std::unique_ptr<Domain> Connection::find(const std::string& name) const {
  virDomainPtr d = virDomainLookupByName(as_connection(handle_), name.c_str());
  return d ? std::unique_ptr<Domain>(new Domain(handle_, d)) : nullptr;
}

std::string Connection::owner_of(const std::string& name) const {
  const auto d = find(name);
  return d ? owner_in(definition(as_domain(d->handle_))) : std::string();
}

std::vector<std::pair<std::string, std::string>> Connection::owned() const {
  std::vector<std::pair<std::string, std::string>> out;
  virDomainPtr* all = nullptr;
  const int n = virConnectListAllDomains(as_connection(handle_), &all, 0);
  for (int i = 0; i < n; ++i) {
    if (const std::string owner = owner_in(definition(all[i])); !owner.empty())
      out.emplace_back(virDomainGetName(all[i]), owner);
    virDomainFree(all[i]);
  }
  if (n >= 0) std::free(all);
  return out;
}

#else

namespace {

constexpr const char* kMissing =
    "this build has no libvirt: install it (scripts/setup --with libvirt) and build again, or use backend: "
    "qemu";
[[noreturn]] void refuse() { throw ConfigError(kMissing); }

}  // namespace

Domain::~Domain() = default;
void Domain::start() { refuse(); }
void Domain::suspend() { refuse(); }
void Domain::resume() { refuse(); }
void Domain::monitor(const std::string&) { refuse(); }
void Domain::press_power_button() { refuse(); }
Domain::State Domain::state(std::string*) const noexcept { return State::gone; }
void Domain::remove() noexcept {}
std::string Connection::missing() { return kMissing; }
Connection::Connection(const std::string& uri) : uri_(uri) { refuse(); }
bool Connection::is_session() const { return false; }
bool Connection::sets_user() const { return false; }
std::string Connection::version() const { return {}; }
std::unique_ptr<Domain> Connection::define(const std::string&) { refuse(); }
std::unique_ptr<Domain> Connection::find(const std::string&) const { return nullptr; }
std::string Connection::owner_of(const std::string&) const { return {}; }
std::vector<std::pair<std::string, std::string>> Connection::owned() const { return {}; }

#endif

}  // namespace xedgesim::libvirt
