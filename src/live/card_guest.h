#pragma once
#include <memory>

#include "base/descriptor.h"
#include "live/guest.h"
#include "live/tap_port.h"

namespace xedgesim::live {

/// A guest of the host's own kernel: its network card is a TAP device in its network namespace.
class CardGuest : public Guest {
 public:
  static constexpr size_t kMostCommands = 64;

  void set_carrier(bool up) final;
  bool to_network(const sim::Bytes& frame) final {
    return card_ && state_ != State::paused && card_->send(frame);
  }
  bool ready() const final { return state_ == State::up; }

 protected:
  CardGuest(EventLoop& loop, std::string id, const std::filesystem::path& console, Outside outside)
      : Guest(std::move(id), console, std::move(outside)), loop_(loop) {}
  /// Takes our end of the card, as plugged in as the cable is.
  void plug(Descriptor card);
  void unplug() { card_.reset(); }

  EventLoop& loop_;

 private:
  std::unique_ptr<TapPort> card_;
  bool carrier_ = true;
};

}  // namespace xedgesim::live
