#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/descriptor.h"

namespace xedgesim::live {

/// Our ends of what a machine under QEMU is tied to us by. Those of a machine that libvirt only pretends to
/// run (its test driver) are none.
struct MachineSockets {
  std::vector<Descriptor> networks{};  ///< one a card
  Descriptor console{}, agent{};
};

/// A machine under QEMU, whoever started it. None of these wait for the guest.
class RunningMachine {
 public:
  struct Ending {
    enum class Kind { off, reset, failed } kind = Kind::off;
    std::string why{};  ///< of a failure
  };
  virtual ~RunningMachine() = default;

  /// QEMU's; -1: not known.
  virtual pid_t pid() const = 0;
  /// Readable when it has ended; -1: only ended() tells.
  virtual int pidfd() const = 0;
  virtual bool ended() const = 0;
  /// To be called when it has ended.
  virtual Ending ending() = 0;
  /// False when it cannot be done now.
  virtual bool pause(bool paused) = 0;
  virtual void set_link(size_t card, bool up) = 0;
  virtual void press_power_button() = 0;
  /// At once.
  virtual void kill() noexcept = 0;
  /// Of a domain of libvirt: its name.
  virtual std::string domain() const { return {}; }
};

}  // namespace xedgesim::live
