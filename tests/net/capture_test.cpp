#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "line.h"
#include "net/capture/air_capture.h"
#include "net/capture/wire_capture.h"
#include "net/radio/channel.h"
#include "net/traffic/frame_sink.h"
#include "net/traffic/periodic_sender.h"

namespace xedgesim::net {
namespace {

namespace fs = std::filesystem;
using sim::ParticipantId;

// A directory of this process, gone when it ends.
std::string temporary(const std::string& name) {
  struct Directory {
    fs::path path = fs::path(testing::TempDir()) / fmt::format("xedgesim_capture_{}", ::getpid());
    Directory() { fs::create_directories(path); }
    ~Directory() { fs::remove_all(path); }
  };
  static const Directory directory;
  return (directory.path / name).string();
}

sim::Bytes read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

uint32_t u32(const sim::Bytes& b, size_t at) {
  return b[at] | b[at + 1] << 8 | b[at + 2] << 16 | uint32_t{b[at + 3]} << 24;
}

// Block types of a pcapng file; fails the test when the chain of blocks does not end where the file does.
std::vector<uint32_t> blocks(const sim::Bytes& file) {
  std::vector<uint32_t> types;
  size_t at = 0;
  while (at < file.size()) {
    if (file.size() - at < 12) {
      ADD_FAILURE() << "torn block at " << at;
      break;
    }
    const uint32_t length = u32(file, at + 4);
    if (length < 12 || length % 4 || length > file.size() - at || u32(file, at + length - 4) != length) {
      ADD_FAILURE() << "bad block length " << length << " at " << at;
      break;
    }
    types.push_back(u32(file, at));
    at += length;
  }
  return types;
}

TEST(Pcapng, IsAChainOfBlocksAtEveryMoment) {
  const std::string path = temporary("chain.pcapng");
  PcapngWriter writer(path);
  const uint32_t air = writer.add_interface("air", LinkType::ieee802154_with_fcs);
  const uint32_t wire = writer.add_interface("wan0", LinkType::user0, "gateway to cloud");
  EXPECT_EQ(air, 0u);
  EXPECT_EQ(wire, 1u);
  for (int i = 0; i < 5000; ++i) {
    writer.write(i % 2 ? air : wire, SimTime::from_ns(i), sim::Bytes(static_cast<size_t>(i % 131), 0xab),
                 i % 3 ? "" : "why");
    if (i % 500 == 0) blocks(read_file(path));
  }
  writer.flush();
  const auto types = blocks(read_file(path));
  ASSERT_EQ(types.size(), 5003u);
  EXPECT_EQ(types[0], 0x0A0D0D0Au);
  EXPECT_EQ(types[1], 1u);
  EXPECT_EQ(types[2], 1u);
  EXPECT_EQ(types[3], 6u);
}

TEST(Pcapng, SaysWhatIsWrongWithTheFile) {
  EXPECT_THROW(PcapngWriter(temporary("missing") + "/x/capture.pcapng"), SimulationError);
  if (fs::exists("/dev/full")) {
    PcapngWriter writer("/dev/full");
    try {
      writer.flush();
      FAIL() << "/dev/full took it";
    } catch (const SimulationError& e) {
      EXPECT_NE(std::string(e.what()).find("/dev/full"), std::string::npos);
      EXPECT_EQ(e.code(), ExitCode::simulation_error);
    }
  }
}

TEST(Pcapng, KeepsWholeBlocksWhenTheDiskIsFull) {
  // A limit on the file size stands in for the full disk: the last write before it comes back short.
  const std::string path = temporary("full.pcapng");
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  PcapngWriter writer(path);
  const uint32_t air = writer.add_interface("air", LinkType::ieee802154_with_fcs);
  rlimit small = old;
  small.rlim_cur = 150'001;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  bool failed = false;
  try {
    for (int i = 0; i < 10'000; ++i) writer.write(air, SimTime::from_ns(i), sim::Bytes(100));
  } catch (const SimulationError&) {
    failed = true;
  }
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(failed);
  EXPECT_GT(blocks(read_file(path)).size(), 400u);
}

// Output of a command; empty when it cannot be run.
std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (!pipe) return out;
  char buffer[4096];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
  ::pclose(pipe);
  return out;
}

struct Sent {
  int64_t ns;
  sim::SharedBytes psdu;
};

// Twenty devices and a gateway for five seconds.
std::vector<Sent> run_star(const std::string& path) {
  constexpr ParticipantId kChannel{0}, kGateway{1};
  PcapngWriter writer(path);
  std::vector<ChannelStation> stations = {{{.id = kGateway}, "gateway"}};
  for (uint32_t i = 2; i < 22; ++i)
    stations.push_back({{.id = ParticipantId(i), .x_m = 1.0 * i, .y_m = 5}, fmt::format("d{}", i)});
  Channel channel({.id = kChannel}, std::make_unique<LogDistance>(), stations);
  AirCapture capture(channel, writer);
  std::vector<Sent> sent;
  channel.transmission_began.connect([&](const TransmissionRecord& r) {
    sent.push_back({r.start.count_ns(), r.psdu});
  });
  Harness harness;
  harness.add(kChannel, channel);
  FrameSink gateway({.self = kGateway, .channel = kChannel, .name = "gateway", .pan_id = 0xabcd});
  harness.add(kGateway, gateway);
  std::vector<std::unique_ptr<PeriodicSender>> senders;
  for (uint32_t i = 2; i < 22; ++i) {
    senders.push_back(std::make_unique<PeriodicSender>(
        PeriodicSenderConfig{.mac = {.self = ParticipantId(i),
                                     .channel = kChannel,
                                     .name = fmt::format("d{}", i),
                                     .pan_id = 0xabcd,
                                     .short_address = static_cast<uint16_t>(i)},
                             .first = Duration::ns(1'000'003 * int64_t{i * 9 % 150})}));
    harness.add(ParticipantId(i), *senders.back());
  }
  harness.run_until(SimTime::at(Duration::s(5)));
  capture.finish();
  return sent;
}

TEST(Pcapng, ALimitKeepsTheNewestPacketsInTwoWholeFiles) {
  const std::string path = temporary("ring.pcapng");
  uint64_t last = 0;
  {
    PcapngWriter writer(path, 64 * 1024);
    const uint32_t air = writer.add_interface("air", LinkType::ieee802154_with_fcs);
    for (int i = 0; i < 5000; ++i)
      writer.write(air, SimTime::from_ns(last = static_cast<uint64_t>(i)), sim::Bytes(100));
  }
  const auto newest = read_file(path), before = read_file(temporary("ring.1.pcapng"));
  EXPECT_LE(newest.size() + before.size(), 64u * 1024);
  EXPECT_GT(newest.size() + before.size(), 30'000u);
  for (const auto& file : {before, newest}) {
    const auto types = blocks(file);
    ASSERT_GT(types.size(), 3u);
    EXPECT_EQ(types[0], 0x0A0D0D0Au);
    EXPECT_EQ(types[1], 1u);
  }
  // The last packet is there: its stamp is the lower word of the last block.
  const size_t block = 12 + 20 + 100;
  EXPECT_EQ(u32(newest, newest.size() - block + 16), last);
}

/// Frames over a link that loses, drops and spoils some; returns what happened to how many.
struct WireRun {
  LinkStatistics statistics;
  uint64_t packets = 0;
};
WireRun run_wire(PcapngWriter& writer, const WireFilter& filter = {}) {
  TestLine line(
      {.rate_bps = 8'000'000, .loss = 0.1, .queue_packets = 20, .corrupt = 0.05, .duplicate = 0.05});
  WireCapture capture(line.link, writer, LinkType::ethernet, filter);
  for (int i = 0; i < 1000; ++i) line.frame(SimTime::at(Duration::us(90 * i)), i, 100);
  line.run();
  writer.flush();
  return {line.statistics(), writer.packets()};
}

TEST(WireCapture, TsharkReadsEveryPacketWithItsFate) {
  if (output_of("tshark --version").empty())
    GTEST_SKIP() << "tshark is not installed; install Debian's package tshark";
  const std::string path = temporary("wire.pcapng");
  PcapngWriter writer(path);
  writer.add_interface("air", LinkType::ieee802154_with_fcs);
  const WireRun run = run_wire(writer);
  const std::string fields = output_of(fmt::format(
      "tshark -n -r '{}' -T fields -E separator=, -e frame.interface_name -e frame.comment -e vlan.id",
      path));
  std::map<std::string, uint64_t> fates;
  std::stringstream lines(fields);
  for (std::string l; std::getline(lines, l);) {
    std::vector<std::string> cell;
    std::stringstream s(l);
    for (std::string c; std::getline(s, c, ',');) cell.push_back(c);
    ASSERT_GE(cell.size(), 1u);
    EXPECT_EQ(cell[0], "line");
    for (const char* fate : {"loss", "queue full", "corrupted", "duplicated"})
      if (l.find(fate) != std::string::npos) ++fates[fate];
    ++fates["all"];
  }
  EXPECT_EQ(fates["all"], run.packets);
  EXPECT_EQ(fates["loss"], run.statistics.lost);
  EXPECT_EQ(fates["queue full"], run.statistics.queue_drops);
  EXPECT_EQ(fates["corrupted"], run.statistics.corrupted);
  EXPECT_GT(run.statistics.queue_drops, 50u);
  EXPECT_GT(run.statistics.lost, 20u);
}

TEST(WireCapture, AFilterKeepsWhatItIsTold) {
  PcapngWriter dropped(temporary("dropped.pcapng"));
  const WireRun run = run_wire(dropped, {.only_dropped = true, .snap = 32});
  EXPECT_GE(run.packets, run.statistics.lost + run.statistics.queue_drops);
  EXPECT_LE(run.packets, run.statistics.lost + run.statistics.queue_drops + run.statistics.corrupted);
  PcapngWriter other(temporary("other.pcapng"));
  EXPECT_EQ(run_wire(other, {.vlans = {77}}).packets, 0u);
  PcapngWriter back(temporary("back.pcapng"));
  EXPECT_EQ(run_wire(back, {.forward = false}).packets, 0u);
}

TEST(WireCapture, TsharkReadsAPipeWhileTheRunGoesOn) {
  if (output_of("tshark --version").empty())
    GTEST_SKIP() << "tshark is not installed; install Debian's package tshark";
  const std::string pipe = temporary("live");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  // Opening the pipe waits for its reader; the reader ends when the writer is gone.
  std::string seen;
  std::thread reader([&] {
    seen = output_of(fmt::format("tshark -n -r - -T fields -e frame.interface_name < '{}'", pipe));
  });
  WireRun run;
  {
    PcapngWriter writer(pipe);
    run = run_wire(writer);
  }
  reader.join();
  EXPECT_EQ(static_cast<uint64_t>(std::count(seen.begin(), seen.end(), '\n')), run.packets);
}

TEST(WireCapture, AReaderThatGoesDoesNotEndTheRun) {
  const std::string pipe = temporary("left");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread reader([&] { ::close(::open(pipe.c_str(), O_RDONLY)); });
  PcapngWriter writer(pipe);
  reader.join();
  EXPECT_NO_THROW(run_wire(writer));
}

TEST(AirCapture, WritesEveryFrameInOrderOfItsBegin) {
  const std::string path = temporary("air.pcapng");
  const auto sent = run_star(path);
  ASSERT_GT(sent.size(), 150u);
  const auto file = read_file(path);
  size_t packets = 0, at = 0;
  while (at + 12 <= file.size()) {
    if (u32(file, at) == 6) {
      const uint64_t ns = uint64_t{u32(file, at + 12)} << 32 | u32(file, at + 16);
      ASSERT_LT(packets, sent.size());
      ASSERT_EQ(static_cast<int64_t>(ns), sent[packets].ns);
      ASSERT_EQ(u32(file, at + 20), sent[packets].psdu->size());
      ASSERT_TRUE(std::equal(sent[packets].psdu->begin(), sent[packets].psdu->end(),
                             file.begin() + static_cast<long>(at) + 28));
      ++packets;
    }
    at += u32(file, at + 4);
  }
  EXPECT_EQ(at, file.size());
  EXPECT_EQ(packets, sent.size());
}

TEST(AirCapture, TsharkReadsItWithoutComplaint) {
  if (output_of("tshark --version").empty())
    GTEST_SKIP() << "tshark is not installed; install Debian's package tshark";
  const std::string path = temporary("tshark.pcapng");
  const auto sent = run_star(path);
  const std::string fields = output_of(fmt::format(
      "tshark -n -o wpan.fcs_format:'ITU-T CRC-16' -r '{}' -T fields -E separator=, -e frame.time_epoch -e "
      "frame.len "
      "-e wpan.fcs_ok -e frame.protocols -e frame.interface_name -e wpan.frame_type",
      path));
  std::stringstream lines(fields);
  std::string line;
  size_t n = 0, acks = 0;
  while (std::getline(lines, line)) {
    ASSERT_LT(n, sent.size());
    std::vector<std::string> cell;
    std::stringstream s(line);
    for (std::string c; std::getline(s, c, ',');) cell.push_back(c);
    ASSERT_EQ(cell.size(), 6u) << line;
    EXPECT_EQ(cell[0], fmt::format("{}.{:09}", sent[n].ns / 1'000'000'000, sent[n].ns % 1'000'000'000));
    EXPECT_EQ(cell[1], std::to_string(sent[n].psdu->size()));
    EXPECT_TRUE(cell[2] == "1" || cell[2] == "True") << line;
    EXPECT_EQ(cell[3].find("malformed"), std::string::npos) << line;
    EXPECT_EQ(cell[4], "air");
    acks += std::stoi(cell[5], nullptr, 0) == 2;
    ++n;
  }
  EXPECT_EQ(n, sent.size());
  EXPECT_GT(acks, 50u);
}

}  // namespace
}  // namespace xedgesim::net
