// The libFuzzer body (fuzz/fuzz_lan.cpp) with a fixed sequence of random bytes, and with good messages,
// spoiled.
#include <gtest/gtest.h>

#include "../../fuzz/lan_frames.h"
#include "spoiled_bytes.h"

namespace xedgesim {
namespace {

TEST(ParserFuzz, LanFrames) {
  RandomStream r(20, "fuzz", "lan");
  for (int i = 0; i < 20'000; ++i) fuzz::lan_frame(noise(r, 400));
  // A DHCP request and a DNS query, spoiled.
  sim::Bytes dhcp{1, 1, 6, 0, 1, 2, 3, 4};
  dhcp.resize(28);
  for (const uint8_t b : {0x52, 0x54, 0x00, 0x12, 0x34, 0x01}) dhcp.push_back(b);
  dhcp.resize(236);
  for (const int b : {0x63, 0x82, 0x53, 0x63, 53, 1, 3, 50, 4, 10, 0, 0, 10, 54, 4, 10, 0, 0, 1, 255})
    dhcp.push_back(static_cast<uint8_t>(b));
  const sim::Bytes dns{0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'b', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 1, 0, 1};
  for (int i = 0; i < 20'000; ++i)
    for (sim::Bytes b : {dhcp, dns}) {
      spoil(b, r);
      fuzz::lan_frame(b);
    }
}

}  // namespace
}  // namespace xedgesim
