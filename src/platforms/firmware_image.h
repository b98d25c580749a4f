#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::platforms {

/// The loadable contents of a firmware file, at the addresses where they are programmed (LMA).
class FirmwareImage {
 public:
  struct Segment {
    uint32_t address = 0;
    std::vector<uint8_t> bytes;
  };
  struct Symbol {
    uint32_t address = 0;
    uint32_t size = 0;
    std::string name;
  };

  /// Reads ELF32 (Arm), Intel HEX, or a raw binary written as "FILE@ADDRESS" (0x... or decimal).
  /// Throws ConfigError with one sentence naming the file and what is wrong with it.
  static FirmwareImage load(const std::string& spec);
  /// The same from memory; `name` is used in messages.
  static FirmwareImage parse(std::string_view contents, const std::string& name);
  static FirmwareImage parse_binary(std::string_view contents, const std::string& name, uint32_t address);

  /// The same firmware with other contents from `address` on; what it had in [address, end) is left out.
  FirmwareImage with_region(uint32_t address, uint32_t end, std::vector<uint8_t> bytes) const;
  /// Something is programmed at `address`.
  bool holds(uint32_t address) const;

  const std::string& name() const { return name_; }
  /// Sorted by address, without overlaps.
  const std::vector<Segment>& segments() const { return segments_; }
  /// "function+0x12" for an address inside a known function, else empty. HEX and binaries have no symbols.
  std::string symbolize(uint32_t address) const;
  /// 32 hex digits over addresses and bytes: equal images share flash pages and decoded code.
  std::string content_key() const;

 private:
  void check_segments();
  std::string name_;
  std::vector<Segment> segments_;
  std::vector<Symbol> functions_;  // sorted by address
  friend FirmwareImage parse_elf(std::string_view, const std::string&);
  friend FirmwareImage parse_intel_hex(std::string_view, const std::string&);
};

/// Larger files, and files that load more, are refused.
inline constexpr uint64_t kLargestImage = uint64_t{256} << 20;

FirmwareImage parse_elf(std::string_view contents, const std::string& name);
FirmwareImage parse_intel_hex(std::string_view contents, const std::string& name);

}  // namespace xedgesim::platforms
