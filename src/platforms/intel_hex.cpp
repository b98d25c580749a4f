// Intel HEX (Hexadecimal Object File Format Specification, rev. A, 1988): record types 00 to 05.
#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "platforms/firmware_image.h"

namespace xedgesim::platforms {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The bytes of one record line after its colon.
std::vector<uint8_t> record_bytes(std::string_view line, const std::string& where) {
  if (line.size() % 2 != 0) throw ConfigError(fmt::format("{}: odd number of hex digits", where));
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < line.size(); i += 2) {
    const int hi = digit(line[i]), lo = digit(line[i + 1]);
    if (hi < 0 || lo < 0)
      throw ConfigError(fmt::format("{}: '{}' is not a hex digit", where, line[hi < 0 ? i : i + 1]));
    bytes.push_back(static_cast<uint8_t>(hi << 4 | lo));
  }
  if (bytes.size() < 5 || bytes.size() != size_t{bytes[0]} + 5)
    throw ConfigError(fmt::format(
        "{}: the record's length field does not match its length: the file is truncated or damaged", where));
  uint8_t sum = 0;
  for (uint8_t b : bytes) sum = static_cast<uint8_t>(sum + b);
  if (sum != 0)
    throw ConfigError(
        fmt::format("{}: checksum is 0x{:02X} but the bytes give 0x{:02X}: copy or build the file again",
                    where, bytes.back(), static_cast<uint8_t>(bytes.back() - sum)));
  return bytes;
}

}  // namespace

FirmwareImage parse_intel_hex(std::string_view contents, const std::string& name) {
  constexpr std::array<size_t, 6> kLength{0, 0, 2, 4, 2, 4};  // of types 01..05
  FirmwareImage image;
  image.name_ = name;
  uint64_t base = 0;
  bool ended = false;
  size_t number = 0;
  while (!contents.empty()) {
    ++number;
    const size_t eol = contents.find('\n');
    std::string_view line = contents.substr(0, eol);
    contents = eol == std::string_view::npos ? std::string_view() : contents.substr(eol + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::string where = fmt::format("firmware '{}' line {}", name, number);
    if (ended) throw ConfigError(fmt::format("{}: text after the end-of-file record", where));
    if (line[0] != ':') throw ConfigError(fmt::format("{}: an Intel HEX record starts with ':'", where));
    const std::vector<uint8_t> r = record_bytes(line.substr(1), where);
    const uint32_t offset = static_cast<uint32_t>(r[1] << 8 | r[2]);
    const uint8_t type = r[3];
    if (type > 5) throw ConfigError(fmt::format("{}: unknown record type {:02X}", where, type));
    if (type != 0 && r[0] != kLength[type])
      throw ConfigError(fmt::format("{}: record type {:02X} has a wrong length", where, type));
    switch (type) {
      case 0: {
        const uint64_t address = base + offset;
        if (address + r[0] > uint64_t{1} << 32)
          throw ConfigError(fmt::format("{}: address is beyond 32 bits", where));
        if (r[0] == 0) break;  // allowed, and loads nothing
        auto& segments = image.segments_;
        if (segments.empty() || segments.back().address + segments.back().bytes.size() != address)
          segments.push_back({static_cast<uint32_t>(address), {}});
        segments.back().bytes.insert(segments.back().bytes.end(), r.begin() + 4, r.end() - 1);
        break;
      }
      case 1:
        ended = true;
        break;
      case 2:
        base = static_cast<uint64_t>(r[4] << 8 | r[5]) << 4;
        break;
      case 4:
        base = static_cast<uint64_t>(r[4] << 8 | r[5]) << 16;
        break;
      default:
        break;  // start addresses: Cortex-M takes them from the vector table
    }
  }
  if (!ended)
    throw ConfigError(fmt::format("firmware '{}' is truncated: it has no end-of-file record", name));
  image.check_segments();
  return image;
}

}  // namespace xedgesim::platforms
