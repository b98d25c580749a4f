// One interval with three names: boards and built-in models take the same one of them.
#include <gtest/gtest.h>

#include "system/device_config.h"
#include "system/model_config.h"

namespace xedgesim::system {
namespace {

TEST(ReportInterval, TheFirstThatIsGivenCounts) {
  scenario::Scenario s;
  scenario::Device d;
  d.type = scenario::Device::Type::model;
  const auto of_model = [&] { return model_group(s, d, XEDGESIM_SOURCE_DIR "/platforms").interval; };
  const auto word_of_board = [&] {
    s.devices = {d};
    return uicr_settings(s, scenario::expand_devices(s).at(0), 1, nullptr).at(4).second;
  };
  EXPECT_EQ(of_model(), Duration::s(1));
  EXPECT_EQ(word_of_board(), 0xffffffff) << "the firmware's own choice";
  d.config.inference_interval = Duration::s(2);
  EXPECT_EQ(of_model(), Duration::s(2));
  EXPECT_EQ(word_of_board(), 2000u);
  d.config.forward_interval = Duration::s(3);
  EXPECT_EQ(of_model(), Duration::s(3));
  EXPECT_EQ(word_of_board(), 3000u);
  d.config.report_interval = Duration::s(4);
  EXPECT_EQ(of_model(), Duration::s(4));
  EXPECT_EQ(word_of_board(), 4000u);
}

// What the firmware refuses becomes its default there; the truth of a window is looked for where it is.
TEST(ReportInterval, WindowsOfAReportAreThoseTheFirmwareMakes) {
  const auto windows = [](std::optional<int64_t> rate_hz, std::optional<Duration> interval) {
    scenario::DeviceConfig c;
    c.sample_rate_hz = rate_hz;
    c.forward_interval = interval;
    return windows_per_report(c);
  };
  EXPECT_EQ(windows({}, {}), 1);
  EXPECT_EQ(windows(4000, Duration::s(2)), 8);
  EXPECT_EQ(windows(500'000, Duration::s(1)), 1) << "1 kHz";
  EXPECT_EQ(windows(4000, Duration::ms(9)), 4) << "1 s";
  EXPECT_EQ(windows(100'000'000'000, Duration::s(4'000'000'000)), 1);
}

}  // namespace
}  // namespace xedgesim::system
