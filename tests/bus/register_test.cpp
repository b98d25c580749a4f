#include "bus/register_device.h"

#include <gtest/gtest.h>

#include "../devices/fake_board.h"
#include "bus/task_event_device.h"

namespace xedgesim::bus {
namespace {

using test::FakeBoard;
using test::rd;
using test::wr;

constexpr Field kSpeed{"SPEED", 4, 3};

/// A peripheral with one of everything.
class Gadget : public TaskEventDevice {
 public:
  explicit Gadget(Board& b) : TaskEventDevice("gadget", 0x40005000, 0x1000, 5, table_of(), b) {}
  int starts = 0, stops = 0;
  unsigned last_capture = 99, last_index = 99;
  uint32_t last_value = 0;

  using TaskEventDevice::generate;

 private:
  static const TaskEventTable& table_of() {
    static const TaskEventTable t(
        {
            task(0x000, "TASKS_START", run<&Gadget::start>),
            task(0x004, "TASKS_STOP", run<&Gadget::stop>),
            task(0x040, "TASKS_CAPTURE", run<&Gadget::capture>, 4),
            event(0x100, "EVENTS_DONE"),
            event(0x118, "EVENTS_CH.HIGH", 2, 8),
        },
        {{.bit = 3, .event = 0x100, .task = 0x004}},
        {
            {.offset = 0x504, .name = "CONFIG", .reset = 0x20, .fields = {kSpeed, {"ON", 0}}},
            {.offset = 0x508, .name = "ID", .access = Access::ro, .reset = 0x1234},
            {.offset = 0x540, .name = "CC", .write = set<&Gadget::write_cc>, .count = 4},
            {.offset = 0x580, .name = "TWICE", .read = get<&Gadget::twice>, .count = 2},
        },
        true);
    return t;
  }
  void start() { ++starts; }
  void stop() { ++stops; }
  void capture(unsigned index) { last_capture = index; }
  void write_cc(unsigned index, uint32_t v) {
    last_index = index;
    last_value = v;
  }
  uint32_t twice(unsigned index) { return 2 * value(0x580 + 4 * index); }
};

TEST(Register, ResetMaskAndFields) {
  FakeBoard b;
  Gadget g(b);
  EXPECT_EQ(rd(g, 0x504), 0x20u);
  wr(g, 0x504, 0xffffffff);
  EXPECT_EQ(rd(g, 0x504), 0x71u);
  EXPECT_EQ(kSpeed.of(rd(g, 0x504)), 7u);
  EXPECT_EQ(kSpeed.put(0xff), 0x70u);
  g.reset();
  EXPECT_EQ(rd(g, 0x504), 0x20u);
}

TEST(Register, ReadOnlyIgnoresWritesAndSaysSo) {
  FakeBoard b;
  Gadget g(b);
  wr(g, 0x508, 7);
  EXPECT_EQ(rd(g, 0x508), 0x1234u);
  ASSERT_EQ(b.logs.size(), 1u);
  EXPECT_EQ(b.logs[0], "gadget: write to read-only ID ignored");
}

TEST(Register, ArraysGiveTheIndex) {
  FakeBoard b;
  Gadget g(b);
  wr(g, 0x548, 77);
  EXPECT_EQ(g.last_index, 2u);
  EXPECT_EQ(g.last_value, 77u);
  EXPECT_EQ(rd(g, 0x548), 77u);
  wr(g, 0x584, 5);
  EXPECT_EQ(rd(g, 0x584), 10u);
  EXPECT_EQ(g.table().name_of(0x54c), "CC[3]");
  EXPECT_EQ(g.table().name_of(0x120), "EVENTS_CH.HIGH[1]");
  EXPECT_EQ(g.table().name_of(0xffc), "");
}

TEST(Register, UndeclaredOffsetsAnswerZeroAndLogOnce) {
  FakeBoard b;
  Gadget g(b);
  EXPECT_EQ(rd(g, 0x7f0), 0u);
  EXPECT_EQ(rd(g, 0x7f0), 0u);
  wr(g, 0x7f0, 3);
  EXPECT_EQ(rd(g, 0x7f0), 0u);
  ASSERT_EQ(b.logs.size(), 2u);
  EXPECT_EQ(b.logs[0], "gadget: read of unmodelled register at offset 0x7f0 answered 0");
  EXPECT_EQ(b.logs[1], "gadget: write to unmodelled register at offset 0x7f0 ignored");
}

TEST(Register, NarrowReadsTakeTheirLane) {
  FakeBoard b;
  Gadget g(b);
  wr(g, 0x540, 0x11223344);
  EXPECT_EQ(g.read(0x541, 1), 0x33u);
  EXPECT_EQ(g.read(0x542, 2), 0x1122u);
}

TEST(TaskEvent, TasksRunOnOneOnlyAndReadZero) {
  FakeBoard b;
  Gadget g(b);
  wr(g, 0x000, 0);
  EXPECT_EQ(g.starts, 0);
  wr(g, 0x000, 1);
  EXPECT_EQ(g.starts, 1);
  EXPECT_EQ(rd(g, 0x000), 0u);
  EXPECT_TRUE(g.trigger(0x048));
  EXPECT_EQ(g.last_capture, 2u);
  EXPECT_FALSE(g.trigger(0x0fc));
  EXPECT_FALSE(g.trigger(0x504));
}

TEST(TaskEvent, EventSetsRegisterPublishesAndDrivesTheLine) {
  FakeBoard b;
  Gadget g(b);
  g.generate(0x120);
  EXPECT_EQ(rd(g, 0x120), 1u);
  ASSERT_EQ(b.published.size(), 1u);
  EXPECT_EQ(b.published[0].second, 0x40005120u);
  EXPECT_FALSE(b.irqs[5]);
  wr(g, 0x304, 1u << 8);  // INTENSET of the event at 0x120
  EXPECT_TRUE(b.irqs[5]);
  EXPECT_EQ(rd(g, 0x300), 1u << 8);
  wr(g, 0x308, 1u << 8);
  EXPECT_FALSE(b.irqs[5]);
  wr(g, 0x300, 1u << 8);
  EXPECT_TRUE(b.irqs[5]);
  wr(g, 0x120, 0);
  EXPECT_FALSE(b.irqs[5]);
}

TEST(TaskEvent, InterruptEnableKeepsOnlyBitsOfEvents) {
  FakeBoard b;
  Gadget g(b);
  wr(g, 0x304, 0xffffffff);
  EXPECT_EQ(rd(g, 0x304), 1u << 0 | 1u << 6 | 1u << 8);
}

TEST(TaskEvent, ShortsRunTheirTask) {
  FakeBoard b;
  Gadget g(b);
  g.generate(0x100);
  EXPECT_EQ(g.stops, 0);
  wr(g, 0x200, 0xffffffff);
  EXPECT_EQ(rd(g, 0x200), 1u << 3);
  g.generate(0x100);
  EXPECT_EQ(g.stops, 1);
  g.reset();
  g.generate(0x100);
  EXPECT_EQ(g.stops, 1);
}

TEST(TaskEvent, ResetDropsTheLine) {
  FakeBoard b;
  Gadget g(b);
  wr(g, 0x304, 1);
  g.generate(0x100);
  ASSERT_TRUE(b.irqs[5]);
  g.reset();
  EXPECT_FALSE(b.irqs[5]);
  EXPECT_EQ(rd(g, 0x100), 0u);
}

}  // namespace
}  // namespace xedgesim::bus
