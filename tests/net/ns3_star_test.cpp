// Replays the ns-3 runs of tests/net/data (see its README in docs/radio.md) with the native channel and MAC.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "harness.h"
#include "net/radio/channel.h"
#include "net/traffic/frame_sink.h"
#include "net/traffic/periodic_sender.h"

namespace xedgesim::net {
namespace {

using sim::ParticipantId;

struct DeviceRow {
  double x = 0, y = 0;
  Duration phase;
};

std::vector<std::map<std::string, std::string>> read_csv(const std::string& name) {
  // Positions and phases are shipped with the scenario that replays them, the figures are only compared with.
  const bool positions = name.starts_with("perdev");
  std::ifstream in(std::string(XEDGESIM_SOURCE_DIR) +
                   (positions ? "/scenarios/reference/" : "/tests/net/data/") + name);
  EXPECT_TRUE(in) << name;
  const auto cells = [](const std::string& line) {
    std::vector<std::string> out;
    std::stringstream s(line);
    for (std::string cell; std::getline(s, cell, ',');) out.push_back(cell);
    return out;
  };
  std::string line;
  std::getline(in, line);
  const auto head = cells(line);
  std::vector<std::map<std::string, std::string>> rows;
  while (std::getline(in, line)) {
    const auto row = cells(line);
    EXPECT_EQ(row.size(), head.size());
    auto& out = rows.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) out[head[i]] = row[i];
  }
  return rows;
}

std::vector<DeviceRow> read_devices(const std::string& name) {
  std::vector<DeviceRow> out;
  for (auto& row : read_csv(name))
    out.push_back(
        {std::stod(row["x_m"]), std::stod(row["y_m"]), Duration::seconds(std::stod(row["phase_s"]))});
  return out;
}

struct Result {
  int64_t sent = 0, delivered = 0, duplicates = 0, transmissions = 0, no_ack = 0, access_failures = 0,
          acks = 0;
  double latency_sum_ms = 0;
  std::vector<int> per_device;
  std::map<Outcome, int> outcomes;
  uint64_t events = 0;
  double delivery_ratio() const { return static_cast<double>(delivered) / static_cast<double>(sent); }
  double mean_latency_ms() const { return latency_sum_ms / static_cast<double>(delivered); }
};

struct Options {
  double exponent = 3.0;
  int payload = 64;
  int seconds = 300;
  uint64_t seed = 1;
};

Result replay(const std::vector<DeviceRow>& devices, const Options& options) {
  constexpr ParticipantId kChannel{0}, kGateway{1};
  const auto id_of = [](size_t i) { return ParticipantId(static_cast<uint32_t>(i + 2)); };
  const auto mac = [&](ParticipantId self, std::string name, uint16_t address) {
    return ieee802154::MacConfig{.self = self,
                                 .channel = kChannel,
                                 .name = std::move(name),
                                 .seed = options.seed,
                                 .pan_id = 1,
                                 .short_address = address};
  };
  const auto station = [](ParticipantId id, double x, double y) {
    return air::Station{.id = id, .x_m = x, .y_m = y, .sensitivity_dbm = -200};
  };
  Harness harness;
  Result result;
  result.per_device.resize(devices.size());

  std::vector<ChannelStation> stations = {{station(kGateway, 0, 0), "gateway"}};
  for (size_t i = 0; i < devices.size(); ++i)
    stations.push_back({station(id_of(i), devices[i].x, devices[i].y), fmt::format("device_{}", i)});
  Channel channel({.id = kChannel, .seed = options.seed, .convention = Convention::ns3},
                  std::make_unique<LogDistance>(options.exponent, 1.0, 40.0), stations);
  channel.reception.connect([&](const ReceptionRecord& r) {
    if (r.receiver == kGateway && r.addressed) ++result.outcomes[r.outcome];
  });

  FrameSink gateway(mac(kGateway, "gateway", 0));
  std::vector<std::unique_ptr<PeriodicSender>> senders;
  std::vector<std::vector<SimTime>> requested(devices.size());
  std::vector<std::vector<bool>> seen(devices.size());
  harness.add(kChannel, channel);
  harness.add(kGateway, gateway);
  for (size_t i = 0; i < devices.size(); ++i) {
    auto m = mac(id_of(i), fmt::format("device_{}", i), static_cast<uint16_t>(i + 1));
    senders.push_back(
        std::make_unique<PeriodicSender>(PeriodicSenderConfig{.mac = m,
                                                              .destination = 0,
                                                              .first = Duration::s(1) + devices[i].phase,
                                                              .count = options.seconds,
                                                              .payload_bytes = options.payload}));
    senders.back()->requested.connect([&, i](const RequestRecord& r) {
      requested[i].push_back(r.time);
      seen[i].push_back(false);
      ++result.sent;
    });
    harness.add(id_of(i), *senders.back());
  }
  gateway.received.connect([&](SimTime now, const ieee802154::RxFrame& f) {
    const size_t device = f.frame.header.source.value - 1;
    const auto& p = f.frame.payload;
    const size_t number = size_t{p[0]} << 24 | size_t{p[1]} << 16 | size_t{p[2]} << 8 | p[3];
    if (seen.at(device).at(number)) {
      ++result.duplicates;
      return;
    }
    seen[device][number] = true;
    ++result.delivered;
    ++result.per_device[device];
    result.latency_sum_ms += (now - requested[device][number]).count_ms();
  });

  harness.run_until(SimTime::at(Duration::s(options.seconds + 3)));
  for (const auto& s : senders) {
    result.transmissions += static_cast<int64_t>(s->mac().statistics().transmissions);
    result.no_ack += static_cast<int64_t>(s->mac().statistics().no_ack);
    result.access_failures += static_cast<int64_t>(s->mac().statistics().access_failures);
  }
  result.acks = static_cast<int64_t>(gateway.mac().statistics().acks_sent);
  result.events = harness.handled();
  return result;
}

struct Case {
  int n, run;
};

class Ns3Star : public testing::TestWithParam<Case> {};

TEST_P(Ns3Star, GivesTheSameDeliveryAndLatency) {
  const auto [n, run] = GetParam();
  std::map<std::string, std::string> reference;
  for (auto& row : read_csv("lrwpan_star.csv"))
    if (row["n"] == std::to_string(n) && row["run"] == std::to_string(run)) reference = row;
  ASSERT_FALSE(reference.empty());
  const auto devices = read_devices(fmt::format("perdev_n{}_run{}.csv", n, run));
  ASSERT_EQ(static_cast<int>(devices.size()), n);

  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const Result r = replay(devices, {.seed = seed});
    const auto figure = [&](const char* key) { return std::stod(reference[key]); };
    fmt::print(
        "seed {}: delivery {:.5f} (ns-3 {:.5f}), latency {:.3f} ms ({:.3f}), tx/request {:.4f} ({:.4f}), "
        "duplicates {} ({}), access failures {} ({}), no ack {} ({}), acks {} ({}), {} events\n",
        seed, r.delivery_ratio(), figure("delivery_ratio"), r.mean_latency_ms(), figure("latency_mean_ms"),
        static_cast<double>(r.transmissions) / static_cast<double>(r.sent), figure("mac_tx_per_msdu"),
        r.duplicates, figure("gateway_duplicates"), r.access_failures,
        figure("confirm_channel_access_failure"), r.no_ack, figure("confirm_no_ack"), r.acks,
        figure("gw_acks_sent"), r.events);
    for (auto [o, c] : r.outcomes) fmt::print("  {} {}\n", to_string(o), c);
    EXPECT_EQ(r.sent, int64_t{n} * 300);
    EXPECT_NEAR(r.delivery_ratio(), figure("delivery_ratio"), 0.01);
    EXPECT_NEAR(r.mean_latency_ms() / figure("latency_mean_ms"), 1.0, 0.03);
  }
}

INSTANTIATE_TEST_SUITE_P(Runs, Ns3Star, testing::Values(Case{20, 1}, Case{100, 1}, Case{100, 2}),
                         [](const auto& p) { return fmt::format("N{}Run{}", p.param.n, p.param.run); });

// Other exponents, payloads and numbers of devices: figures of our own ns-3 3.37 runs of the same kind
// (docs/radio.md).
class Ns3Points : public testing::TestWithParam<size_t> {};
constexpr size_t kPoints = 6;

TEST_P(Ns3Points, HoldForOtherExponentsPayloadsAndNumbers) {
  auto rows = read_csv("lrwpan_points.csv");
  ASSERT_EQ(rows.size(), kPoints);
  auto& row = rows[GetParam()];
  const auto figure = [&](const char* key) { return std::stod(row[key]); };
  const auto devices = read_devices(row["positions"]);
  constexpr int kSeeds = 3;
  double delivery = 0, latency = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Result r = replay(devices, {.exponent = figure("exponent"),
                                      .payload = std::stoi(row["payload"]),
                                      .seconds = std::stoi(row["traffic_s"]),
                                      .seed = seed});
    delivery += r.delivery_ratio() / kSeeds;
    latency += r.mean_latency_ms() / kSeeds;
  }
  fmt::print("{} exponent {} payload {}: delivery {:.5f} (ns-3 {}), latency {:.3f} ms ({})\n",
             row["positions"], row["exponent"], row["payload"], delivery, row["delivery_ratio"], latency,
             row["latency_mean_ms"]);
  EXPECT_NEAR(delivery, figure("delivery_ratio"), 0.01);
  EXPECT_NEAR(latency / figure("latency_mean_ms"), 1.0, 0.03);
}

INSTANTIATE_TEST_SUITE_P(Rows, Ns3Points, testing::Range(size_t{0}, kPoints));

}  // namespace
}  // namespace xedgesim::net
