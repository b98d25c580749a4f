#include "debugger/packet_reader.h"

#include <fmt/format.h>

#include <charconv>

namespace xedgesim::debugger {
namespace {

constexpr char kInterrupt = 3, kEscape = '}';

unsigned char checksum(std::string_view text) {
  unsigned char sum = 0;
  for (const char c : text) sum = static_cast<unsigned char>(sum + static_cast<unsigned char>(c));
  return sum;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i)
    out += text[i] == kEscape && i + 1 < text.size() ? static_cast<char>(text[++i] ^ 0x20) : text[i];
  return out;
}

}  // namespace

std::optional<PacketReader::Item> PacketReader::next() {
  using Kind = Item::Kind;
  while (!in_.empty()) {
    if (skipping_) {
      const size_t end = in_.find('#');
      if (end == std::string::npos || in_.size() - end < 3) {
        in_.erase(0, end == std::string::npos ? in_.size() : end);
        return std::nullopt;
      }
      in_.erase(0, end + 3);
      skipping_ = false;
      return Item{Kind::damaged, {}};
    }
    const char first = in_.front();
    if (first != '$') {
      in_.erase(0, 1);
      if (first == kInterrupt) return Item{Kind::interrupt, {}};
      if (first == '+') return Item{Kind::acknowledge, {}};
      if (first == '-') return Item{Kind::again, {}};
      continue;
    }
    const size_t end = in_.find('#');
    if (end == std::string::npos || in_.size() - end < 3) {
      skipping_ = in_.size() > kLongestPacket;
      if (skipping_) continue;
      return std::nullopt;
    }
    const std::string_view text = std::string_view(in_).substr(1, end - 1);
    const std::optional<std::string> sum = from_hex(std::string_view(in_).substr(end + 1, 2));
    const bool good = sum && static_cast<unsigned char>(sum->front()) == checksum(text);
    Item item{good ? Kind::packet : Kind::damaged, good ? unescaped(text) : std::string()};
    in_.erase(0, end + 3);
    return item;
  }
  return std::nullopt;
}

std::string packet_of(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '$' || c == '#' || c == kEscape || c == '*') {
      escaped += kEscape;
      escaped += static_cast<char>(c ^ 0x20);
    } else {
      escaped += c;
    }
  }
  return fmt::format("${}#{:02x}", escaped, checksum(escaped));
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2) return std::nullopt;
  std::string out;
  for (size_t i = 0; i < digits.size(); i += 2) {
    unsigned value = 0;
    const char* const end = digits.data() + i + 2;
    const auto [at, error] = std::from_chars(digits.data() + i, end, value, 16);
    if (error != std::errc{} || at != end) return std::nullopt;
    out += static_cast<char>(value);
  }
  return out;
}

std::optional<uint32_t> take_number(std::string_view& text) {
  uint32_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(at - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_range(std::string_view& text, uint32_t& address, uint32_t& length) {
  const std::optional<uint32_t> a = take_number(text);
  if (!a || !take(text, ",")) return false;
  const std::optional<uint32_t> n = take_number(text);
  if (!n) return false;
  address = *a;
  length = *n;
  return true;
}

}  // namespace xedgesim::debugger
