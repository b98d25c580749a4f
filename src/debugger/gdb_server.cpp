#include "debugger/gdb_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "platforms/machine.h"

namespace xedgesim::debugger {
namespace {

constexpr int kPatience = 200;  // ms between two looks at the stop flag
constexpr unsigned kInstructionsBetweenPolls = 4096;
constexpr uint32_t kMostBytes = 4096;  // of one memory access
constexpr const char* kOk = "OK";
constexpr const char* kBadAddress = "E0e";  // EFAULT
constexpr const char* kBadRequest = "E16";  // EINVAL
// Signals as GDB numbers them: stop replies T02, T05, T0b.
constexpr const char *kInterrupted = "T02", *kTrapped = "T05", *kLockedUp = "T0b";

uint32_t pc_of(platforms::Machine& m) { return m.core().registers().r[15]; }

/// By the widest aligned accesses, as a probe does it. Empty: not all of it is there.
std::string bytes_at(platforms::Machine& m, uint32_t address, uint32_t length) {
  std::string out;
  while (out.size() < length) {
    const uint32_t at = address + static_cast<uint32_t>(out.size());
    const uint32_t left = length - static_cast<uint32_t>(out.size());
    const unsigned width = at % 4 == 0 && left >= 4 ? 4 : at % 2 == 0 && left >= 2 ? 2 : 1;
    uint32_t value = 0;
    if (!m.core().debug_read(at, width, value)) return {};
    out.append(reinterpret_cast<const char*>(&value), width);
  }
  return out;
}

bool write_bytes(platforms::Machine& m, uint32_t address, std::string_view bytes) {
  while (!bytes.empty()) {
    const unsigned width = address % 4 == 0 && bytes.size() >= 4   ? 4
                           : address % 2 == 0 && bytes.size() >= 2 ? 2
                                                                   : 1;
    uint32_t value = 0;
    std::copy_n(bytes.data(), width, reinterpret_cast<char*>(&value));
    if (!m.core().debug_write(address, width, value)) return false;
    address += width;
    bytes.remove_prefix(width);
  }
  return true;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// "address,length" at the front.
bool take_range(std::string_view& text, uint32_t& address, uint32_t& length) {
  const std::optional<uint32_t> a = take_number(text);
  if (!a || !take(text, ",")) return false;
  const std::optional<uint32_t> n = take_number(text);
  if (!n) return false;
  address = *a;
  length = *n;
  return true;
}

/// The part of a document that "offset,length" asks for.
std::string part_of(const std::string& document, std::string_view range) {
  uint32_t offset = 0, length = 0;
  if (!take_range(range, offset, length)) return kBadRequest;
  if (offset >= document.size()) return "l";
  return (offset + uint64_t{length} < document.size() ? "m" : "l") + document.substr(offset, length);
}

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

// ---- commands -------------------------------------------------------------------------------------------

std::string GdbServer::answer(platforms::Machine& m, std::string_view packet, Resume& resume) {
  const std::string_view whole = packet;
  if (packet.empty()) return "";
  const char command = packet.front();
  packet.remove_prefix(1);
  switch (command) {
    case '?':
      return last_reason_;
    case 'g':
    case 'G':
    case 'p':
    case 'P':
      return registers(m, whole);
    case 'm':
      return read_memory(m, packet);
    case 'M':
      return write_memory(m, packet);
    case 'c':
    case 's':
      return resume_by(m, whole, resume);
    case 'v':
      if (take(packet, "Cont?")) return "vCont;c;C;s;S;r";
      if (take(packet, "Cont;")) return resume_by(m, packet, resume);
      return "";
    case 'z':
    case 'Z':
      return change_stop(m, whole);
    case 'q':
      return query(m, packet);
    case 'Q':
      return packet == "StartNoAckMode" ? kOk : "";
    case 'H':
    case 'T':
      return kOk;
    case 'D':
      resume = Resume::detached;
      return kOk;
    case 'k':
      resume = Resume::detached;
      if (config_.killed) config_.killed();
      return kOk;
    default:
      return "";
  }
}

std::string GdbServer::query(platforms::Machine& m, std::string_view what) {
  if (what.starts_with("Supported"))
    return fmt::format("PacketSize={:x};QStartNoAckMode+;qXfer:features:read+;vContSupported+",
                       PacketReader::kLongestPacket);
  if (take(what, "Xfer:features:read:target.xml:")) return part_of(file_.description(), what);
  if (what == "fThreadInfo") return "m1";
  if (what == "sThreadInfo") return "l";
  if (what.starts_with("ThreadExtraInfo,")) return to_hex(m.name());
  if (what == "C") return "QC1";
  if (what.starts_with("Attached")) return "1";
  if (what.starts_with("Symbol:")) return kOk;
  if (take(what, "Rcmd,")) return monitor(m, what);
  return "";
}

std::string GdbServer::monitor(platforms::Machine& m, std::string_view digits) const {
  const std::string command = from_hex(digits).value_or("");
  if (command == "time")
    return to_hex(fmt::format("{} at {}, {} instructions, {}\n", m.name(), to_string(m.time()),
                              m.instructions(),
                              !m.powered()       ? "without power"
                              : m.locked_up()    ? "locked up"
                              : m.core().awake() ? "awake"
                                                 : "asleep"));
  return to_hex("monitor time: the board's name, simulated time, instructions executed, state\n");
}

std::string GdbServer::resume_by(platforms::Machine&, std::string_view action, Resume& resume) {
  const char kind = action.front();
  action.remove_prefix(1);
  if (kind == 'r') {
    uint32_t first = 0, last = 0;
    if (!take_range(action, first, last)) return kBadRequest;
    stay_in_ = {first, last};
  } else if (kind != 'c' && kind != 'C' && kind != 's' && kind != 'S') {
    return kBadRequest;
  }
  stepping_ = kind != 'c' && kind != 'C';
  resume = Resume::run;
  return {};
}

std::string GdbServer::registers(platforms::Machine& m, std::string_view packet) const {
  isa::Registers r = m.core().registers();
  const char command = packet.front();
  packet.remove_prefix(1);
  if (command == 'g') {
    std::string all;
    for (unsigned i = 0; i < file_.count(); ++i) all += *file_.read(r, i);
    return all;
  }
  if (command == 'G') {
    for (unsigned i = 0; i < file_.count(); ++i) {
      const size_t digits = file_.read(r, i)->size();
      if (!file_.write(r, i, packet.substr(0, digits))) return kBadRequest;
      packet.remove_prefix(std::min(digits, packet.size()));
    }
  } else {
    const std::optional<uint32_t> number = take_number(packet);
    if (!number) return kBadRequest;
    if (command == 'p') return file_.read(r, *number).value_or(kBadRequest);
    if (!take(packet, "=") || !file_.write(r, *number, packet)) return kBadRequest;
  }
  m.core().set_registers(r);
  return kOk;
}

std::string GdbServer::read_memory(platforms::Machine& m, std::string_view where) const {
  uint32_t address = 0, length = 0;
  if (!take_range(where, address, length) || length > kMostBytes) return kBadRequest;
  if (length == 0) return kOk;
  const std::string bytes = bytes_at(m, address, length);
  return bytes.empty() ? kBadAddress : to_hex(bytes);
}

std::string GdbServer::write_memory(platforms::Machine& m, std::string_view where) const {
  uint32_t address = 0, length = 0;
  if (!take_range(where, address, length) || !take(where, ":")) return kBadRequest;
  const std::optional<std::string> bytes = from_hex(where);
  if (!bytes || bytes->size() != length) return kBadRequest;
  return write_bytes(m, address, *bytes) ? kOk : kBadAddress;
}

std::string GdbServer::change_stop(platforms::Machine& m, std::string_view packet) {
  const bool set = packet.front() == 'Z';
  const char kind = packet.size() > 1 ? packet[1] : ' ';
  packet.remove_prefix(std::min<size_t>(packet.size(), 2));
  uint32_t address = 0, length = 0;
  if (kind != '0' && kind != '1' && kind != '2') return "";
  if (!take(packet, ",") || !take_range(packet, address, length)) return kBadRequest;
  if (kind != '2') {
    set ? void(breakpoints_.insert(address & ~1u)) : void(breakpoints_.erase(address & ~1u));
    return kOk;
  }
  if (!set) {
    watches_.erase(address);
    return kOk;
  }
  if (length == 0 || length > kMostBytes) return kBadRequest;
  std::string value = bytes_at(m, address, length);
  if (value.empty()) return kBadAddress;
  watches_[address] = {address, length, std::move(value)};
  return kOk;
}

}  // namespace xedgesim::debugger
