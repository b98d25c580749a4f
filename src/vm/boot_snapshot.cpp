// As CBOR (RFC 8949): a map of what SnapshotHead holds, lines and inputs as arrays of arrays.
#include "vm/boot_snapshot.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace xedgesim::vm {
namespace {

using nlohmann::json;

// A run adds its own time to a machine's; both together stay below the end of time.
constexpr int64_t kLatest = std::numeric_limits<int64_t>::max() / 2;

/// Stops at arrays and maps that lie deeper in each other than ours do: the parser descends into them on the
/// stack.
class NotTooDeep final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(size_t) override { return ++depth_ <= kDeepest; }
  bool end_object() override { return leave(); }
  bool start_array(size_t) override { return ++depth_ <= kDeepest; }
  bool end_array() override { return leave(); }
  bool parse_error(size_t, const std::string&, const json::exception&) override { return false; }

 private:
  static constexpr int kDeepest = 3;
  bool leave() {
    --depth_;
    return true;
  }
  int depth_ = 0;
};

struct NotOfABoot {};

json binary(const auto& b) { return json::binary({b.begin(), b.end()}); }

// get<int64_t>() would take a floating-point number too, of any size.
int64_t integer(const json& j, int64_t most) {
  const auto& n = j.get_ref<const json::number_unsigned_t&>();
  if (n > static_cast<uint64_t>(most)) throw NotOfABoot();
  return static_cast<int64_t>(n);
}

std::vector<uint8_t> bytes_of(const json& j, size_t most) {
  const auto& b = j.get_binary();
  if (b.size() > most) throw NotOfABoot();
  return b;
}

std::string text_of(const json& j) {
  const std::vector<uint8_t> b = bytes_of(j, vt::kLongestLine);
  return {b.begin(), b.end()};
}

VtChannel::Record input_of(const json& j) {
  VtChannel::Record r{.time = integer(j.at(0), kLatest),
                      .type = static_cast<vt::RecordType>(integer(j.at(1), 0xff)),
                      .bytes = bytes_of(j.at(2), vt::kLongestRecord),
                      .card = static_cast<uint32_t>(integer(j.at(3), 0xffffffff))};
  constexpr vt::RecordType kInputs[] = {vt::RecordType::frame, vt::RecordType::console,
                                        vt::RecordType::carrier};
  if (std::find(std::begin(kInputs), std::end(kInputs), r.type) == std::end(kInputs)) throw NotOfABoot();
  return r;
}

}  // namespace

std::string encode(const SnapshotHead& head) {
  const BootSnapshot& s = head.snapshot;
  json lines = json::array(), inputs = json::array();
  for (const BootSnapshot::Line& l : s.lines) lines.push_back({l.time, binary(l.text)});
  for (const VtChannel::Record& r : s.inputs)
    inputs.push_back({r.time, static_cast<uint32_t>(r.type), binary(r.bytes), r.card});
  const json j{
      {"reached", s.reached},         {"lines", std::move(lines)},       {"inputs", std::move(inputs)},
      {"partial", binary(s.partial)}, {"state_bytes", head.state_bytes}, {"state_digest", head.state_digest}};
  std::string out;
  json::to_cbor(j, out);
  return out;
}

std::optional<SnapshotHead> decode_snapshot_head(std::string_view bytes) {
  NotTooDeep not_too_deep;
  if (!json::sax_parse(bytes, &not_too_deep, json::input_format_t::cbor)) return std::nullopt;
  try {
    const json j = json::from_cbor(bytes);
    SnapshotHead head{.snapshot = {.reached = integer(j.at("reached"), kLatest),
                                   .lines = {},
                                   .inputs = {},
                                   .partial = text_of(j.at("partial"))},
                      .state_bytes = integer(j.at("state_bytes"), kLatest),
                      .state_digest = j.at("state_digest").get<std::string>()};
    int64_t last = 0;
    for (const json& l : j.at("lines")) {
      head.snapshot.lines.push_back({integer(l.at(0), kLatest), text_of(l.at(1))});
      if (head.snapshot.lines.back().time < std::exchange(last, head.snapshot.lines.back().time))
        throw NotOfABoot();
    }
    for (const json& r : j.at("inputs")) head.snapshot.inputs.push_back(input_of(r));
    return head;
  } catch (const NotOfABoot&) {
  } catch (const json::exception&) {
  }
  return std::nullopt;
}

}  // namespace xedgesim::vm
