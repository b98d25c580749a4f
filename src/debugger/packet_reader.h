#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xedgesim::debugger {

/// What a debugger sends, taken apart: GDB Remote Serial Protocol, "Overview" (GDB manual, appendix E.1).
/// Packets are $text#cs with the sum of the text's bytes modulo 256; `}` escapes the byte behind it, XORed
/// with 0x20.
///
/// Limits: no run-length encoding, which only a server sends; no notifications.
class PacketReader {
 public:
  static constexpr size_t kLongestPacket = 16 << 10;

  struct Item {
    enum class Kind {
      packet,       ///< `text` without escapes
      damaged,      ///< wrong checksum or too long: to be sent again
      interrupt,    ///< byte 0x03 between packets
      acknowledge,  ///< `+`
      again,        ///< `-`: the last packet did not arrive whole
    } kind{};
    std::string text{};
  };

  void add(std::string_view bytes) { in_ += bytes; }
  /// The next whole item; none until more bytes come. Bytes between packets that mean nothing are skipped.
  std::optional<Item> next();

 private:
  std::string in_;
  bool skipping_ = false;  // the rest of a packet that is too long
};

/// The packet that carries `text`.
std::string packet_of(std::string_view text);

/// Two hexadecimal digits a byte, and back; none when it is not that.
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view digits);
/// A hexadecimal number at the front of `text`, which it is taken from; none when there is none that fits.
std::optional<uint32_t> take_number(std::string_view& text);
/// False, and nothing taken, when `text` does not begin so.
bool take(std::string_view& text, std::string_view prefix);
/// "address,length" at the front.
bool take_range(std::string_view& text, uint32_t& address, uint32_t& length);

}  // namespace xedgesim::debugger
