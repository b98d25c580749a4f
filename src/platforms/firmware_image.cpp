#include "platforms/firmware_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/digest.h"
#include "base/error.h"

namespace xedgesim::platforms {
namespace {

std::string read_file(const std::string& path) {
  std::error_code ec;
  if (!std::filesystem::exists(path, ec))
    throw ConfigError(fmt::format("firmware '{}' does not exist", path));
  if (std::filesystem::is_directory(path, ec))
    throw ConfigError(fmt::format("firmware '{}' is a directory, not a file", path));
  if (const auto size = std::filesystem::file_size(path, ec); !ec && size > kLargestImage)
    throw ConfigError(fmt::format(
        "firmware '{}' has {} bytes; more than 256 MiB is not a microcontroller image", path, size));
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw ConfigError(fmt::format("firmware '{}' cannot be read: check its permissions", path));
  return std::move(text).str();
}

}  // namespace

FirmwareImage FirmwareImage::load(const std::string& spec) {
  if (const size_t at = spec.rfind('@'); at != std::string::npos) {
    std::string_view digits = std::string_view(spec).substr(at + 1);
    const int radix = digits.starts_with("0x") ? 16 : 10;
    if (radix == 16) digits.remove_prefix(2);
    uint32_t address = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), address, radix);
    if (ec == std::errc{} && end == digits.data() + digits.size() && !digits.empty())
      return parse_binary(read_file(spec.substr(0, at)), spec.substr(0, at), address);
  }
  return parse(read_file(spec), spec);
}

FirmwareImage FirmwareImage::parse(std::string_view contents, const std::string& name) {
  if (contents.starts_with("\x7f"
                           "ELF"))
    return parse_elf(contents, name);
  if (contents.starts_with(":")) return parse_intel_hex(contents, name);
  if (contents.empty()) throw ConfigError(fmt::format("firmware '{}' is empty", name));
  throw ConfigError(fmt::format(
      "firmware '{}' is neither ELF nor Intel HEX; a raw binary needs its address, as in '{}@0x0'", name,
      name));
}

FirmwareImage FirmwareImage::parse_binary(std::string_view contents, const std::string& name,
                                          uint32_t address) {
  FirmwareImage image;
  image.name_ = name;
  image.segments_.push_back({address, {contents.begin(), contents.end()}});
  image.check_segments();
  return image;
}

void FirmwareImage::check_segments() {
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.address < b.address; });
  if (segments_.empty()) throw ConfigError(fmt::format("firmware '{}' has nothing to load", name_));
  uint64_t end = 0;
  for (const Segment& s : segments_) {
    if (s.address < end)
      throw ConfigError(fmt::format("firmware '{}' loads address 0x{:08x} twice", name_, s.address));
    end = uint64_t{s.address} + s.bytes.size();
    if (end > uint64_t{1} << 32)
      throw ConfigError(
          fmt::format("firmware '{}' has a segment at 0x{:08x} that ends after the 32-bit address space",
                      name_, s.address));
  }
}

bool FirmwareImage::holds(uint32_t address) const {
  return std::any_of(segments_.begin(), segments_.end(), [&](const Segment& s) {
    return address >= s.address && address - s.address < s.bytes.size();
  });
}

FirmwareImage FirmwareImage::with_region(uint32_t address, uint32_t end, std::vector<uint8_t> bytes) const {
  FirmwareImage out = *this;
  out.segments_.clear();
  const auto part = [&](const Segment& s, uint64_t from, uint64_t to) {
    const uint64_t first = std::max<uint64_t>(s.address, from);
    const uint64_t last = std::min<uint64_t>(uint64_t{s.address} + s.bytes.size(), to);
    if (first >= last) return;
    const auto begin = s.bytes.begin() + static_cast<ptrdiff_t>(first - s.address);
    out.segments_.push_back({static_cast<uint32_t>(first), {begin, begin + static_cast<ptrdiff_t>(last - first)}});
  };
  for (const Segment& s : segments_) {
    part(s, 0, address);
    part(s, end, UINT64_MAX);
  }
  out.segments_.push_back({address, std::move(bytes)});
  std::sort(out.segments_.begin(), out.segments_.end(),
            [](const Segment& a, const Segment& b) { return a.address < b.address; });
  return out;
}

std::string FirmwareImage::symbolize(uint32_t address) const {
  auto it = std::upper_bound(functions_.begin(), functions_.end(), address,
                             [](uint32_t a, const Symbol& s) { return a < s.address; });
  if (it == functions_.begin()) return {};
  --it;
  const uint32_t offset = address - it->address;
  if (offset >= std::max<uint32_t>(it->size, 2)) return {};
  return offset == 0 ? it->name : fmt::format("{}+0x{:x}", it->name, offset);
}

std::string FirmwareImage::content_key() const {
  Digest d;
  for (const Segment& s : segments_) {
    d.add(int64_t{s.address});
    d.add(std::span<const uint8_t>(s.bytes));
  }
  return d.hex();
}

}  // namespace xedgesim::platforms
