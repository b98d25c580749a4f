#include "live/card_guest.h"

namespace xedgesim::live {

void CardGuest::set_carrier(size_t card, bool up) {
  carriers_[card] = up;
  if (card < cards_.size()) cards_[card]->set_carrier(up);
}

void CardGuest::plug(std::vector<Descriptor> cards) {
  for (size_t i = 0; i < cards.size(); ++i) {
    cards_.push_back(std::make_unique<TapPort>(
        loop_, std::move(cards[i]), [this, i](sim::Bytes frame) { outside_.frame(i, std::move(frame)); }));
    cards_.back()->set_carrier(carriers_[i]);
  }
}

}  // namespace xedgesim::live
