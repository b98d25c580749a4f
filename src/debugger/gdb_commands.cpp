// What GDB asks of a halted board (GDB manual, appendix E.2).
#include <fmt/format.h>

#include <algorithm>

#include "debugger/debug_memory.h"
#include "debugger/gdb_server.h"
#include "platforms/machine.h"

namespace xedgesim::debugger {
namespace {

constexpr uint32_t kMostBytes = 4096;  // of one memory access
constexpr const char* kOk = "OK";
constexpr const char* kBadAddress = "E0e";  // EFAULT
constexpr const char* kBadRequest = "E16";  // EINVAL

/// The part of a document that "offset,length" asks for.
std::string part_of(const std::string& document, std::string_view range) {
  uint32_t offset = 0, length = 0;
  if (!take_range(range, offset, length)) return kBadRequest;
  if (offset >= document.size()) return "l";
  return (offset + uint64_t{length} < document.size() ? "m" : "l") + document.substr(offset, length);
}

}  // namespace

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
      return resume_by(whole, resume);
    case 'v':
      if (take(packet, "Cont?")) return "vCont;c;C;s;S;r";
      if (take(packet, "Cont;")) return resume_by(packet, resume);
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

std::string GdbServer::resume_by(std::string_view action, Resume& resume) {
  if (action.empty()) return kBadRequest;
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
