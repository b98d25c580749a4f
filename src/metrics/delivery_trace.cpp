#include "metrics/delivery_trace.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"

namespace xedgesim::metrics {
namespace {

constexpr std::string_view kTraceFirstLine = "xedgesim deliveries 1";
constexpr size_t kTraceBuffer = 1 << 18;
constexpr uint64_t kMostTraceNames = 10'000'000, kMostTraceData = 1 << 24;

void put_number(std::string& out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) out += static_cast<char>((v & 0x7f) | 0x80);
  out += static_cast<char>(v);
}
uint64_t zigzag(int64_t v) { return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63); }
int64_t unzigzag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }

}  // namespace

DeliveryTrace::DeliveryTrace(const std::filesystem::path& file, const std::vector<std::string>& names)
    : file_(file), out_(file, std::ios::binary | std::ios::trunc) {
  buffer_ = fmt::format("{}\n{}\n", kTraceFirstLine, names.size());
  for (const std::string& n : names) buffer_ += n + "\n";
  flush();
}

void DeliveryTrace::add(const sim::Event& e) {
  put_number(buffer_, static_cast<uint64_t>(e.time.count_ns() - last_ns_));
  last_ns_ = e.time.count_ns();
  put_number(buffer_, static_cast<uint32_t>(e.source));
  put_number(buffer_, static_cast<uint32_t>(e.target));
  put_number(buffer_, e.code);
  for (const int64_t a : e.args) put_number(buffer_, zigzag(a));
  put_number(buffer_, e.data ? e.data->size() + 1 : 0);
  if (e.data) buffer_.append(reinterpret_cast<const char*>(e.data->data()), e.data->size());
  if (buffer_.size() >= kTraceBuffer) flush();
}

void DeliveryTrace::flush() {
  out_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  out_.flush();
  buffer_.clear();
  if (!out_)
    throw SimulationError(
        fmt::format("cannot write {}: free some space or leave metrics.deliveries out", file_.string()));
}

DeliveryReader::DeliveryReader(const std::filesystem::path& file) : file_(file), in_(file, std::ios::binary) {
  std::string line;
  if (!in_) throw ConfigError(fmt::format("there is no file '{}'", file.string()));
  uint64_t count = 0;
  const auto wrong = [&] {
    return ConfigError(fmt::format("'{}' is no trace of deliveries that this version reads", file.string()));
  };
  if (!std::getline(in_, line) || line != kTraceFirstLine || !std::getline(in_, line)) throw wrong();
  const auto [end, ec] = std::from_chars(line.data(), line.data() + line.size(), count);
  if (ec != std::errc{} || end != line.data() + line.size() || count > kMostTraceNames) throw wrong();
  for (uint64_t i = 0; i < count; ++i) {
    if (!std::getline(in_, line)) throw wrong();
    names_.push_back(line);
  }
}

std::optional<uint64_t> DeliveryReader::number() {
  uint64_t v = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const int c = in_.get();
    if (c == std::ifstream::traits_type::eof()) return std::nullopt;
    v |= static_cast<uint64_t>(c & 0x7f) << shift;
    if ((c & 0x80) == 0) return v;
  }
  throw ConfigError(fmt::format("'{}' is damaged: a number has no end", file_.string()));
}

std::string DeliveryReader::participant(uint64_t id) const {
  if (id == static_cast<uint32_t>(sim::kNobody)) return "-";
  if (id < names_.size()) return names_[id];
  throw ConfigError(
      fmt::format("'{}' is damaged: it names a participant that it does not list", file_.string()));
}

std::optional<Delivery> DeliveryReader::next() {
  if (cut_ || in_.peek() == std::ifstream::traits_type::eof()) return std::nullopt;
  std::array<uint64_t, 9> fields{};
  for (uint64_t& f : fields) {
    const auto v = number();
    if (!v) {
      cut_ = true;
      return std::nullopt;
    }
    f = *v;
  }
  Delivery d;
  d.time_ns = last_ns_ = static_cast<int64_t>(static_cast<uint64_t>(last_ns_) + fields[0]);
  d.source = participant(fields[1]);
  d.target = participant(fields[2]);
  d.code = fields[3];
  for (size_t i = 0; i < d.args.size(); ++i) d.args[i] = unzigzag(fields[4 + i]);
  const uint64_t length = fields[8];
  d.has_data = length > 0;
  if (length > kMostTraceData)
    throw ConfigError(fmt::format("'{}' is damaged: a delivery of {} bytes", file_.string(), length));
  if (length > 1) {
    d.data.resize(length - 1);
    in_.read(d.data.data(), static_cast<std::streamsize>(d.data.size()));
    if (in_.gcount() != static_cast<std::streamsize>(d.data.size())) {
      cut_ = true;
      return std::nullopt;
    }
  }
  return d;
}

}  // namespace xedgesim::metrics
