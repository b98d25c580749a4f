#include "vm/snapshot_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "base/error.h"
#include "temporary_folder.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

void write(int fd, const std::string& text) {
  ASSERT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

const BootSnapshot kSnapshot{.reached = 5'000'000'003,
                             .lines = {{17, "one"}, {4'999, std::string("\xff\0two", 5)}},
                             .inputs = {{3, vt::RecordType::frame, {1, 2, 0xff}, 1}},
                             .partial = "login: "};

TEST(SnapshotStore, GivesBackWhatItKept) {
  const TemporaryFolder folder;
  const SnapshotStore store(folder / "s");
  EXPECT_FALSE(store.find("a"));
  store.keep("a", kSnapshot, [](const fs::path& file, int fd) {
    EXPECT_TRUE(fs::exists(file));
    write(fd, "state");
  });
  const auto found = store.find("a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->snapshot.reached, kSnapshot.reached);
  ASSERT_EQ(found->snapshot.lines.size(), 2u);
  EXPECT_EQ(found->snapshot.lines[1].time, 4'999);
  EXPECT_EQ(found->snapshot.lines[1].text, kSnapshot.lines[1].text);
  EXPECT_EQ(found->snapshot.inputs, kSnapshot.inputs);
  EXPECT_EQ(found->snapshot.partial, "login: ");
  char text[6] = {};
  EXPECT_EQ(read(found->state.get(), text, 5), 5);
  EXPECT_STREQ(text, "state");
  EXPECT_FALSE(store.find("b"));
}

TEST(SnapshotStore, KeepsNothingHalf) {
  const TemporaryFolder folder;
  const SnapshotStore store(folder / "s");
  EXPECT_THROW(store.keep("a", kSnapshot, [](const fs::path&, int) { throw SimulationError("no"); }),
               SimulationError);
  EXPECT_EQ(store.usage().snapshots, 0u);
  store.keep("a", kSnapshot, [](const fs::path&, int fd) { write(fd, "whole"); });
  fs::resize_file(folder / "s/a/state", 3);
  EXPECT_FALSE(store.find("a")) << "cut off";
  store.keep("a", kSnapshot, [](const fs::path&, int fd) { write(fd, "whole"); });
  EXPECT_TRUE(store.find("a"));
  std::ofstream(folder / "s/a/snapshot.cbor") << "\x9f\x9f\x9f";
  EXPECT_FALSE(store.find("a")) << "damaged";
  EXPECT_THROW(SnapshotStore("/proc/none").keep("a", kSnapshot, [](const fs::path&, int) {}),
               SimulationError);
}

TEST(SnapshotStore, ABitThatFlippedIsToldAndTheSnapshotRemoved) {
  const TemporaryFolder folder;
  SnapshotStore store(folder / "s");
  std::vector<std::string> told;
  store.on_damage([&](std::string_view text) { told.emplace_back(text); });
  const std::string state(1'000'000, 'x');
  for (const int64_t at : {0, 500'000, 999'999}) {
    SCOPED_TRACE(at);
    told.clear();
    store.keep("a", kSnapshot, [&](const fs::path&, int fd) { write(fd, state); });
    EXPECT_TRUE(store.find("a"));
    EXPECT_TRUE(told.empty());
    std::fstream(folder / "s/a/state", std::ios::in | std::ios::out | std::ios::binary)
        .seekp(at)
        .put('x' ^ 1);
    EXPECT_FALSE(store.find("a"));
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0],
              "warning: the snapshot " + (folder / "s/a").string() +
                  " is not what was kept there, so its machine boots in full and another is kept: if "
                  "this comes again, check that disk");
    EXPECT_FALSE(fs::exists(folder / "s/a"));
  }
  EXPECT_FALSE(store.find("a"));
  EXPECT_EQ(told.size(), 1u) << "told once";
}

TEST(SnapshotStore, ThoseUsedLastStayWithinTheLimit) {
  const TemporaryFolder folder;
  const SnapshotStore store(folder / "s", 250);
  const auto hundred = [](const fs::path&, int fd) { write(fd, std::string(100, 'x')); };
  store.keep("a", kSnapshot, hundred);
  store.keep("b", kSnapshot, hundred);
  const auto hour = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(folder / "s/a", hour - std::chrono::seconds(1));
  fs::last_write_time(folder / "s/b", hour);
  EXPECT_TRUE(store.find("a")) << "which is a use";
  store.keep("c", kSnapshot, hundred);
  EXPECT_TRUE(store.find("a"));
  EXPECT_FALSE(store.find("b")) << "used longest ago";
  EXPECT_TRUE(store.find("c"));
  EXPECT_EQ(store.usage().bytes, 200);
  fs::create_directory(folder / "s/of the user");
  store.clear();
  EXPECT_EQ(store.usage().snapshots, 0u);
  EXPECT_TRUE(fs::exists(folder / "s/of the user"));
}

}  // namespace
}  // namespace xedgesim::vm
