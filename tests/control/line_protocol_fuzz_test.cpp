// The bodies of the libFuzzer targets for line protocols with a fixed sequence of random texts: pure noise,
// and valid conversations with a few characters changed, cut off or added.
#include <gtest/gtest.h>

#include "../../fuzz/line_protocols.h"
#include "base/rng.h"

namespace xedgesim {
namespace {

using Text = sim::Bytes;

Text noise(RandomStream& r, uint32_t longest) {
  Text b(r.below(longest + 1));
  for (auto& x : b) x = static_cast<uint8_t>(r());
  return b;
}

Text spoiled(std::string_view text, RandomStream& r) {
  Text b(text.begin(), text.end());
  static constexpr std::string_view kLikely = "{}[]\",:0123456789-.eE\n\\ntfu@=";
  for (uint32_t n = r.below(4); n > 0 && !b.empty(); --n) {
    const auto c = r.chance(0.8)
                       ? static_cast<uint8_t>(kLikely[r.below(static_cast<uint32_t>(kLikely.size()))])
                       : static_cast<uint8_t>(r());
    const size_t at = r.below(static_cast<uint32_t>(b.size()));
    if (r.chance(0.5))
      b[at] = c;
    else
      b.insert(b.begin() + static_cast<std::ptrdiff_t>(at), c);
  }
  if (r.chance(0.1)) b.resize(r.below(static_cast<uint32_t>(b.size() + 1)));
  return b;
}

TEST(LineProtocolFuzz, ExternalProgram) {
  RandomStream r(20, "fuzz", "external");
  const std::string talk =
      "{\"type\":\"DONE\",\"version\":1,\"at_ns\":0,\"next_ns\":1000000}\n"
      "{\"type\":\"DONE\",\"at_ns\":1127000,\"next_ns\":2000000,\"events\":[{\"event\":\"send\",\"node\":"
      "\"a\","
      "\"t_ns\":1000000,\"payload\":\"aGVsbG8=\",\"tag\":1,\"to\":3,\"ack\":false},{\"event\":\"energy\","
      "\"node\":\"b\","
      "\"t_ns\":1000500,\"uJ\":2.5}]}\n"
      "{\"type\":\"DONE\",\"at_ns\":2127000,\"events\":[{\"event\":\"send\",\"node\":\"b\",\"t_ns\":2000001,"
      "\"payload\":\"\",\"topic_id\":7}]}\n"
      "{\"type\":\"DONE\",\"at_ns\":2128000,\"next_ns\":null}\n"
      "{\"type\":\"ERROR\",\"message\":\"enough\"}\n";
  for (int i = 0; i < 2'000; ++i) fuzz::external_program(noise(r, 300));
  for (int i = 0; i < 10'000; ++i) fuzz::external_program(spoiled(talk, r));
}

TEST(LineProtocolFuzz, Ns3Event) {
  RandomStream r(20, "fuzz", "ns3");
  const std::string_view lines[] = {
      "SIMULATION_COMPLETE {\"t_ns\":128000}",
      "CCA_DONE {\"t_ns\":128000,\"station\":1,\"token\":3,\"busy\":false,\"dbm\":-106.9}",
      "LEVEL_DONE {\"t_ns\":128000,\"station\":1,\"token\":3,\"dbm\":-106.9}",
      "FRAME_START {\"t_ns\":192000,\"station\":0,\"id\":7,\"rssi_dbm\":-70.1}",
      "PACKET_RX "
      "{\"t_ns\":352000,\"station\":2,\"id\":7,\"ok\":true,\"lqi\":255,\"rssi_dbm\":-70.1,\"psdu\":\"AgABAgM="
      "\"}",
      "ERROR {\"message\":\"no\"}"};
  for (int i = 0; i < 20'000; ++i) fuzz::ns3_event(noise(r, 200));
  for (int i = 0; i < 60'000; ++i) fuzz::ns3_event(spoiled(lines[r.below(std::size(lines))], r));
}

TEST(LineProtocolFuzz, ControlRequest) {
  RandomStream r(20, "fuzz", "control");
  const std::string_view lines[] = {
      "{\"token\":\"00\",\"command\":\"link "
      "set\",\"link\":\"a\",\"values\":{\"latency\":\"20ms\"},\"at\":\"1s\"}",
      "{\"command\":\"profile apply\",\"profile\":\"lossy\"}", "{\"token\":\"00\",\"command\":\"status\"}"};
  for (int i = 0; i < 20'000; ++i) fuzz::control_request(noise(r, 200));
  for (int i = 0; i < 40'000; ++i) fuzz::control_request(spoiled(lines[r.below(std::size(lines))], r));
}

}  // namespace
}  // namespace xedgesim
