#include "vm/shared_core.h"

#include <gtest/gtest.h>

#include <thread>

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
  {
    const SharedCore::Turn first(core);
    EXPECT_TRUE(is_free(0));
    EXPECT_TRUE(is_free(other.pid()));
  }
  // On a busy host the next turn may come late, and be a rest again.
  int bound = 0;
  for (int i = 0; i < 100 && bound == 0; ++i) {
    const SharedCore::Turn turn(core);
    if (is_free(0)) continue;
    ++bound;
    const cpu_set_t ours = affinity(0), theirs = affinity(other.pid());
    EXPECT_EQ(CPU_COUNT(&ours), 1);
    EXPECT_TRUE(CPU_EQUAL(&ours, &theirs));
  }
  EXPECT_EQ(bound, 1);
  EXPECT_TRUE(is_free(0)) << "between turns";
  std::this_thread::sleep_for(2 * SharedCore::kRest);
  {
    const SharedCore::Turn rest(core);
    EXPECT_TRUE(is_free(0));
    EXPECT_TRUE(is_free(other.pid()));
  }
}

TEST(SharedCore, DoesWithoutTheProcess) {
  auto other = std::make_unique<Process>(Process::Config{
      .command = {"true"}, .environment = {}, .output = "/dev/null", .inherited = {}, .folder = {}});
  SharedCore core(other->pid());
  other.reset();
  const cpu_set_t before = affinity(0);
  for (int i = 0; i < 3; ++i) const SharedCore::Turn turn(core);
  const cpu_set_t after = affinity(0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace xedgesim::vm
