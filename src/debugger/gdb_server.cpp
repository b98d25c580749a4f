#include "debugger/gdb_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "debugger/debug_memory.h"
#include "platforms/machine.h"

namespace xedgesim::debugger {
namespace {

constexpr int kPatience = 200;  // ms between two looks at the stop flag
constexpr unsigned kInstructionsBetweenPolls = 4096;
// Signals as GDB numbers them.
constexpr const char *kInterrupted = "T02", *kTrapped = "T05", *kLockedUp = "T0b";

uint32_t pc_of(platforms::Machine& m) { return m.core().registers().r[15]; }

}  // namespace

GdbServer::GdbServer(Config config)
    : config_(std::move(config)), file_(config_.floating_point), listener_("unix:" + config_.path, true) {}

GdbServer::~GdbServer() {
  if (link_) send("W00");
}

// ---- connection -----------------------------------------------------------------------------------------

void GdbServer::drop() {
  link_.reset();
  breakpoints_.clear();
  watches_.clear();
  stepping_ = false;
}

bool GdbServer::connected() {
  if (link_) return true;
  do {
    pollfd p{listener_.descriptor(), POLLIN, 0};
    if (poll(&p, 1, config_.wait ? kPatience : 0) > 0) {
      Descriptor peer(accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.get() < 0) continue;
      link_ = std::move(peer);
      reader_ = PacketReader();
      acknowledges_ = true;
      last_reason_ = kTrapped;
      config_.wait = false;
      return true;
    }
  } while (config_.wait && !(config_.stop && config_.stop->load(std::memory_order_relaxed)));
  return false;
}

bool GdbServer::read_some(int patience_ms) {
  pollfd p{link_->get(), POLLIN, 0};
  if (poll(&p, 1, patience_ms) <= 0) return false;
  char chunk[4096];
  const ssize_t n = recv(link_->get(), chunk, sizeof chunk, 0);
  if (n < 0 && errno == EINTR) return false;
  if (n <= 0) {
    drop();
    return false;
  }
  reader_.add({chunk, static_cast<size_t>(n)});
  return true;
}

void GdbServer::send(std::string_view text) {
  last_sent_ = packet_of(text);
  for (std::string_view left = last_sent_; link_ && !left.empty();) {
    const ssize_t n = ::send(link_->get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return drop();
    left.remove_prefix(static_cast<size_t>(n));
  }
}

std::optional<std::string> GdbServer::receive() {
  using Kind = PacketReader::Item::Kind;
  while (link_) {
    const auto item = reader_.next();
    if (!item) {
      if (config_.stop && config_.stop->load(std::memory_order_relaxed)) return std::nullopt;
      read_some(kPatience);
      continue;
    }
    const auto say = [&](const char* c) {
      if (acknowledges_) ::send(link_->get(), c, 1, MSG_NOSIGNAL);
    };
    switch (item->kind) {
      case Kind::packet:
        say("+");
        return item->text;
      case Kind::damaged:
        say("-");
        break;
      case Kind::again:
        ::send(link_->get(), last_sent_.data(), last_sent_.size(), MSG_NOSIGNAL);
        break;
      case Kind::interrupt:  // it is halted already
      case Kind::acknowledge:
        break;
    }
  }
  return std::nullopt;
}

/// Also when GDB is gone: then nobody is to be told.
bool GdbServer::interrupted() {
  read_some(0);
  while (link_)
    if (const auto item = reader_.next(); !item)
      return false;
    else if (item->kind == PacketReader::Item::Kind::interrupt)
      return true;
  return false;
}

// ---- the machine's side ---------------------------------------------------------------------------------

void GdbServer::between_stretches(platforms::Machine& machine) {
  const bool fresh = !link_;
  if (!connected()) return;
  if (!fresh && !interrupted()) return;
  halt(machine, fresh ? kTrapped : kInterrupted);
  resumed_elsewhere_ = true;
}

void GdbServer::before_instruction(platforms::Machine& machine) {
  if (std::exchange(resumed_elsewhere_, false)) return;
  if (++unpolled_ >= kInstructionsBetweenPolls) {
    unpolled_ = 0;
    if (interrupted()) return halt(machine, kInterrupted);
  }
  const uint32_t pc = pc_of(machine);
  const bool over = stepping_ && !(stay_in_ && pc >= stay_in_->first && pc < stay_in_->second);
  if (over || breakpoints_.contains(pc)) return halt(machine, kTrapped);
  for (auto& [start, watch] : watches_) {
    std::string now = bytes_at(machine, watch.address, watch.length);
    if (now == watch.value) continue;
    watch.value = std::move(now);
    return halt(machine, fmt::format("{}watch:{:x};", kTrapped, watch.address));
  }
}

bool GdbServer::stopped(platforms::Machine& machine, isa::Stop stop) {
  if (!link_) return false;
  halt(machine, stop == isa::Stop::breakpoint ? kTrapped : kLockedUp);
  resumed_elsewhere_ = true;
  return stop == isa::Stop::breakpoint && link_;
}

void GdbServer::halt(platforms::Machine& machine, const std::string& reason) {
  // Whoever has just connected asks for the reason himself.
  const bool told = last_reason_.empty();
  last_reason_ = reason;
  stepping_ = false;
  stay_in_.reset();
  if (told) send(reason);
  for (Resume resume = Resume::no; resume == Resume::no;) {
    const auto packet = receive();
    if (!packet) return;
    const std::string reply = answer(machine, *packet, resume);
    if (resume == Resume::run) {
      last_reason_.clear();
      return;
    }
    send(reply);
    if (*packet == "QStartNoAckMode") acknowledges_ = false;
    if (resume == Resume::detached) drop();
  }
}

}  // namespace xedgesim::debugger
