#include "live/card_guest.h"

namespace xedgesim::live {

void CardGuest::set_carrier(bool up) {
  carrier_ = up;
  if (card_) card_->set_carrier(up);
}

void CardGuest::plug(Descriptor card) {
  card_ = std::make_unique<TapPort>(loop_, std::move(card),
                                    [this](sim::Bytes frame) { outside_.frame(std::move(frame)); });
  card_->set_carrier(carrier_);
}

}  // namespace xedgesim::live
