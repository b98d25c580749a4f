#include "net/radio/corruption.h"

#include <algorithm>
#include <array>
#include <span>

namespace xedgesim::net {

sim::SharedBytes corrupt(const Transmission& t, const Receiver::Quality& q, RandomStream& random) {
  auto bytes = std::make_shared<sim::Bytes>(*t.psdu);
  if (bytes->empty()) return bytes;
  const auto bits = static_cast<int64_t>(bytes->size()) * 8;
  constexpr Duration kBit = Duration::us(4);
  const SimTime psdu_start = t.start + air::kShr + air::kPhr;
  const auto bit_at = [&](SimTime when) { return std::clamp((when - psdu_start) / kBit, int64_t{0}, bits); };
  const auto flip = [&](int64_t bit) {
    (*bytes)[static_cast<size_t>(bit / 8)] ^= static_cast<uint8_t>(1u << (bit % 8));
  };
  if (q.errors) {
    const int64_t from = bit_at(q.error_from), to = bit_at(q.error_to);
    std::array<bool, 8 * air::kMaxPsdu> wrong;
    const std::span drawn(wrong.data(), static_cast<size_t>(std::max(to - from, int64_t{0})));
    random.chances(q.error_rate, drawn);
    for (size_t i = 0; i < drawn.size(); ++i)
      if (drawn[i]) flip(from + static_cast<int64_t>(i));
  }
  if (t.aborted())
    for (int64_t b = (bit_at(t.air_end) + 7) / 8; b < bits / 8; ++b)
      (*bytes)[static_cast<size_t>(b)] = static_cast<uint8_t>(random());
  // Whether the frame was hit has been drawn already; this only says where.
  if (*bytes == *t.psdu) {
    const int64_t from = q.errors ? std::min(bit_at(q.error_from), bits - 1) : 0;
    const int64_t to = q.errors ? std::max(bit_at(q.error_to), from + 1) : bits;
    flip(from + random.below(static_cast<uint32_t>(to - from)));
  }
  return bytes;
}

}  // namespace xedgesim::net
