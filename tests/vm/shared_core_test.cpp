#include "vm/shared_core.h"

#include <gtest/gtest.h>

#include <memory>

#include "vm/process.h"

namespace xedgesim::vm {
namespace {

cpu_set_t affinity(pid_t pid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(pid, sizeof set, &set);
  return set;
}

TEST(SharedCore, BindsBothToOneCoreForATurnAndRestsAtTimes) {
  const cpu_set_t all = affinity(0);
  if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "this process has one core only";
  Process other(
      {.command = {"sleep", "100"}, .environment = {}, .output = "/dev/null", .inherited = {}, .folder = {}});
  SharedCore core(other.pid());
  const auto is_free = [&](pid_t pid) {
    const cpu_set_t now = affinity(pid);
    return CPU_EQUAL(&now, &all) != 0;
  };
  const auto expect_free = [&](const char* when) {
    EXPECT_TRUE(is_free(0)) << when;
    EXPECT_TRUE(is_free(other.pid())) << when;
  };
  for (int round = 0; round < 2; ++round) {
    {
      const SharedCore::Turn rest(core, false);
      expect_free("first");
    }
    for (int i = 0; i < SharedCore::kTurns; ++i) {
      const SharedCore::Turn turn(core, false);
      const cpu_set_t ours = affinity(0), theirs = affinity(other.pid());
      EXPECT_EQ(CPU_COUNT(&ours), 1);
      EXPECT_TRUE(CPU_EQUAL(&ours, &theirs));
    }
    EXPECT_TRUE(is_free(0)) << "between turns";
  }
  const SharedCore::Turn long_one(core, true);
  expect_free("in a turn that may last");
}

TEST(SharedCore, DoesWithoutTheProcess) {
  auto other = std::make_unique<Process>(Process::Config{
      .command = {"true"}, .environment = {}, .output = "/dev/null", .inherited = {}, .folder = {}});
  SharedCore core(other->pid());
  other.reset();
  const cpu_set_t before = affinity(0);
  for (int i = 0; i < 3; ++i) const SharedCore::Turn turn(core, false);
  const cpu_set_t after = affinity(0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace xedgesim::vm
