#include "nodes/ns3/ns3_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "nodes/external/line_channel.h"
#include "sim/air.h"

namespace xedgesim::nodes {
namespace {

constexpr double kStrongest = 300;  // dBm

/// The fields of one line, each of which must be there and within its range.
class Fields {
 public:
  Fields(std::string_view line, std::string_view arguments)
      : line_(line), object_(nlohmann::json::parse(arguments, nullptr, false)) {
    if (!object_.is_object()) bad("its arguments are no JSON object");
  }
  [[noreturn]] void bad(const std::string& what) const {
    throw PeerError(fmt::format("sent a line that is wrong: {} ({})", what, quote_line(line_)));
  }
  int64_t whole(const char* key, int64_t lowest, int64_t highest) const {
    const auto it = object_.find(key);
    if (it == object_.end() || !it->is_number_integer() ||
        (it->is_number_unsigned() && it->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)))
      bad(fmt::format("{} must be a whole number", key));
    const auto value = it->get<int64_t>();
    if (value < lowest || value > highest) bad(fmt::format("{} must be {} to {}", key, lowest, highest));
    return value;
  }
  bool flag(const char* key) const {
    const auto it = object_.find(key);
    if (it == object_.end() || !it->is_boolean()) bad(fmt::format("{} must be true or false", key));
    return it->get<bool>();
  }
  int level(const char* key) const {
    const auto it = object_.find(key);
    if (it == object_.end() || !it->is_number() || !std::isfinite(it->get<double>()))
      bad(fmt::format("{} must be a number of dBm", key));
    return static_cast<int>(std::lround(std::clamp(it->get<double>(), -kStrongest, kStrongest) * 100));
  }
  sim::Bytes bytes(const char* key) const {
    const auto it = object_.find(key);
    auto decoded = it != object_.end() && it->is_string() ? base64_decode(it->get_ref<const std::string&>())
                                                          : std::nullopt;
    if (!decoded) bad(fmt::format("{} must be base64 text", key));
    if (decoded->size() > air::kMaxPsdu) bad("a PSDU has at most 127 bytes");
    return std::move(*decoded);
  }
  std::string text(const char* key) const {
    const auto it = object_.find(key);
    return it != object_.end() && it->is_string() ? it->get<std::string>() : "no reason given";
  }

 private:
  std::string_view line_;
  nlohmann::json object_;
};

}  // namespace

Ns3Event parse_ns3_event(std::string_view line, size_t stations) {
  using Kind = Ns3Event::Kind;
  const size_t space = line.find(' ');
  const std::string_view verb = line.substr(0, space);
  const std::string_view arguments = space == std::string_view::npos ? "{}" : line.substr(space + 1);
  Ns3Event e;
  if (verb == "ERROR")
    throw PeerError("reports an error: " + quote_line(Fields(line, arguments).text("message")));
  if (verb == "SIMULATION_COMPLETE")
    e.kind = Kind::complete;
  else if (verb == "PACKET_RX")
    e.kind = Kind::packet_rx;
  else if (verb == "FRAME_START")
    e.kind = Kind::frame_start;
  else if (verb == "CCA_DONE")
    e.kind = Kind::cca_done;
  else if (verb == "LEVEL_DONE")
    e.kind = Kind::level_done;
  else
    throw PeerError(fmt::format("sent a line that is no event ({})", quote_line(line)));
  const Fields f(line, arguments);
  e.time = SimTime::from_ns(f.whole("t_ns", 0, INT64_MAX - 1));
  if (e.kind == Kind::complete) return e;
  e.station = static_cast<size_t>(f.whole("station", 0, static_cast<int64_t>(stations) - 1));
  if (e.kind == Kind::packet_rx || e.kind == Kind::frame_start) {
    e.id = f.whole("id", 1, INT64_MAX);
    e.level_cdbm = f.level("rssi_dbm");
  } else {
    e.token = f.whole("token", INT64_MIN, INT64_MAX);
    e.level_cdbm = f.level("dbm");
  }
  if (e.kind == Kind::cca_done) e.busy = f.flag("busy");
  if (e.kind == Kind::packet_rx) {
    e.ok = f.flag("ok");
    e.lqi = static_cast<uint8_t>(f.whole("lqi", 0, 255));
    if (e.ok) e.psdu = f.bytes("psdu");
  }
  return e;
}

}  // namespace xedgesim::nodes
