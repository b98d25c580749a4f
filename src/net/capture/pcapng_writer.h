#pragma once
#include <cstdint>
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
class PcapngWriter {
 public:
  /// Creates or truncates the file. Throws SimulationError when it cannot be opened or written, like every
  /// function here.
  explicit PcapngWriter(const std::string& path);
  ~PcapngWriter();  ///< flushes; a failure there is swallowed, call flush() to see it
  PcapngWriter(const PcapngWriter&) = delete;
  PcapngWriter& operator=(const PcapngWriter&) = delete;

  /// Adds an interface at any time; its number goes into write().
  uint32_t add_interface(std::string_view name, LinkType type, std::string_view description = {});
  /// One packet. Comments longer than 65535 bytes are cut.
  void write(uint32_t interface, SimTime time, std::span<const uint8_t> bytes, std::string_view comment = {});
  /// Hands everything to the operating system.
  void flush();
  uint64_t packets() const { return packets_; }
  const std::string& path() const { return path_; }

 private:
  void append_block(uint32_t type, const std::vector<uint8_t>& body);

  std::string path_;
  int fd_ = -1;
  int64_t written_ = 0;  // length of the file, whole blocks
  std::vector<uint8_t> buffer_;
  uint32_t interfaces_ = 0;
  uint64_t packets_ = 0;
};

}  // namespace xedgesim::net
