#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/time.h"
#include "vm/vt_protocol.h"

namespace xedgesim::vm {

/// xedgesim's end of the conversation with the plugin (vt_protocol.h). All times are the machine's own.
/// Throws SimulationError when the peer does not answer within the patience (wall time) or talks nonsense; a
/// peer that closes the connection has switched off.
class VtChannel {
 public:
  struct Record {
    int64_t time = 0;
    vt::RecordType type = vt::RecordType::frame;
    std::vector<uint8_t> bytes;
    uint32_t card = 0;  ///< of a frame, or a change of carrier
    bool operator==(const Record&) const = default;
  };
  /// Where the machine stands.
  struct Standing {
    bool off = false;  ///< it will not run again
    bool idle = false;
    int64_t now = 0;
    int64_t next = -1;  ///< its next timer; -1: none
    int64_t instructions = 0;
    bool waiting = false;  ///< not everything it was handed has reached the guest, or a carrier is down
  };
  VtChannel(Descriptor socket, Duration patience);

  /// Waits for the greeting and the first boundary.
  Standing meet(std::vector<Record>& sent);
  /// How far it may run: to `until`, and `window` further than the first it sends from now on at most (-1:
  /// that does not matter).
  struct Leave {
    int64_t until = 0;
    int64_t window = -1;
  };
  /// Lets it run, handing it `inputs` (times not before where it stands, in order); appends what it sent.
  Standing go(Leave leave, const std::vector<Record>& inputs, std::vector<Record>& sent);
  int64_t now() const { return standing_.now; }
  /// What the guest has printed since the last end of line.
  std::string unfinished_line();
  /// Asks it to end; it no longer answers. Does not throw.
  void quit() noexcept;

 private:
  Standing receive(std::vector<Record>& sent);
  bool receive_all(void* data, size_t length);
  bool send_all(const void* data, size_t length);

  Descriptor socket_;
  Duration patience_;
  int64_t latest_ = 0;  // time of the last record
  Standing standing_;
};

}  // namespace xedgesim::vm
