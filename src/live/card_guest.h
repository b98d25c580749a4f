#pragma once
#include <memory>

#include "base/descriptor.h"
#include "live/guest.h"
#include "live/tap_port.h"

namespace xedgesim::live {

/// A guest of the host's own kernel: its network cards are TAP devices in its network namespace.
class CardGuest : public Guest {
 public:
  static constexpr size_t kMostCommands = 64;

  void set_carrier(size_t card, bool up) final;
  bool to_network(size_t card, const sim::Bytes& frame) final {
    return card < cards_.size() && state_ != State::paused && cards_[card]->send(frame);
  }
  bool ready() const final { return state_ == State::up; }

 protected:
  CardGuest(EventLoop& loop, std::string id, size_t cards, const std::filesystem::path& console,
            Outside outside)
      : Guest(std::move(id), console, std::move(outside)), loop_(loop), carriers_(cards, true) {}
  /// Takes our ends of the cards, as plugged in as their cables are.
  void plug(std::vector<Descriptor> cards);
  void unplug() { cards_.clear(); }

  EventLoop& loop_;

 private:
  std::vector<std::unique_ptr<TapPort>> cards_;
  std::vector<bool> carriers_;
};

}  // namespace xedgesim::live
