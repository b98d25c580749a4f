#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace xedgesim::net {

/// Link types of the tcpdump registry.
enum class LinkType : uint16_t { ethernet = 1, user0 = 147, ieee802154_with_fcs = 195 };

/// Streams a pcapng file (draft-ietf-opsawg-pcapng): one section, one interface block a medium, nanosecond
/// stamps counted from the start of the run. Only whole blocks reach the file, so it is valid at every
/// moment; after a failed write the file is cut back to its last whole block.
///
/// A named pipe may stand for the file (`tshark -i -` reads it while the run goes on): every packet is handed
/// over at once, opening waits for the reader, and when the reader goes away the run goes on without it.
/// With a limit the newest packets are kept: a file that has reached half of it is renamed (capture.pcapng to
/// capture.1.pcapng, in place of the one before) and a new one begun.
class PcapngWriter {
 public:
  /// Creates or truncates the file. Throws SimulationError when it cannot be opened or written, like every
  /// function here.
  explicit PcapngWriter(const std::string& path, int64_t limit_bytes = 0);
  ~PcapngWriter();  ///< flushes; a failure there is swallowed, call flush() to see it
  PcapngWriter(const PcapngWriter&) = delete;
  PcapngWriter& operator=(const PcapngWriter&) = delete;

  /// Adds an interface at any time; its number goes into write().
  uint32_t add_interface(std::string_view name, LinkType type, std::string_view description = {});
  struct PacketOptions {
    size_t snap = SIZE_MAX;          ///< bytes kept
    std::optional<bool> outbound{};  ///< direction, in the packet's flags
  };
  /// One packet. Comments longer than 65535 bytes are cut.
  void write(uint32_t interface, SimTime time, std::span<const uint8_t> bytes,
             std::string_view comment = {}) {
    write(interface, time, bytes, comment, PacketOptions());
  }
  void write(uint32_t interface, SimTime time, std::span<const uint8_t> bytes, std::string_view comment,
             const PacketOptions& options);
  /// Hands everything to the operating system.
  void flush();
  uint64_t packets() const { return packets_; }
  const std::string& path() const { return path_; }

 private:
  void append_block(uint32_t type, const std::vector<uint8_t>& body);
  void open();
  void begin_section();
  void rotate();
  void write_pipe();

  std::string path_;
  int64_t limit_bytes_;
  int fd_ = -1;
  bool pipe_ = false, reader_gone_ = false;
  std::vector<std::vector<uint8_t>> interface_blocks_;  // to begin the next file with
  int64_t written_ = 0;                                 // length of the file, whole blocks
  std::vector<uint8_t> buffer_;
  uint32_t interfaces_ = 0;
  uint64_t packets_ = 0;
};

}  // namespace xedgesim::net
