// An image's file system as a folder and as a container image; archives that lie.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/sha256.h"
#include "base/whole_file.h"
#include "container/docker_archive.h"
#include "temporary_folder.h"
#include "vm/image/cpio.h"
#include "vm/image/root_tree.h"
#include "vm/process.h"

#include <nlohmann/json.hpp>

namespace xedgesim::container {
namespace {

namespace fs = std::filesystem;

vm::RootTree tree_in(const fs::path& archive) {
  vm::RootTree root;
  root.apply(vm::read_initrd(archive), archive.string());
  return root;
}

void write_cpio(const fs::path& folder) {
  vm::FileTree tree;
  tree.add_file("bin/program", "#!/bin/sh\n", 0755);
  tree.add_file("etc/" + std::string(120, 'd') + "/file", "long", 0600);
  tree.add_link("sbin", "bin");
  tree.add_folder("tmp", 01777);
  tree.add_character_device("dev/console", 5, 1, 0600);
  tree.add_folder("closed", 0555);
  tree.add_file("closed/file", "in it", 0444);
  write_whole_file(folder / "image", tree.archive());
}

TEST(ImageFiles, UnpackAsTheyWere) {
  TemporaryFolder folder;
  write_cpio(folder.path());
  tree_in(folder / "image").write_to(folder / "root");
  EXPECT_EQ(read_whole_file(folder / "root/bin/program"), "#!/bin/sh\n");
  EXPECT_EQ(fs::status(folder / "root/bin/program").permissions(), fs::perms(0755));
  EXPECT_EQ(fs::status(folder / "root/tmp").permissions(), fs::perms(01777));
  EXPECT_EQ(fs::read_symlink(folder / "root/sbin"), "bin");
  EXPECT_FALSE(fs::exists(folder / "root/dev/console"));
  EXPECT_EQ(read_whole_file(folder / "root/closed/file"), "in it");
  EXPECT_EQ(fs::status(folder / "root/closed").permissions(), fs::perms(0555));
  fs::permissions(folder / "root/closed", fs::perms(0755));  // so that the test's folder can be removed
}

TEST(ImageFiles, StayInTheirFolder) {
  TemporaryFolder folder;
  for (const char* path : {"../out", "a/../../out"}) {
    vm::FileTree tree;
    tree.add_file(path, "x");
    write_whole_file(folder / "image", tree.archive());
    EXPECT_THROW(vm::read_initrd(folder / "image"), ConfigError) << path;
  }
  // A link to the outside, and a file that would lie behind it.
  vm::FileTree tree;
  tree.add_file("a/out", "x");
  tree.add_link("a", folder.path().string());
  write_whole_file(folder / "image", tree.archive());
  EXPECT_THROW(tree_in(folder / "image"), ConfigError);
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(ImageFiles, AreRefusedWhenCutOffOrSpoilt) {
  TemporaryFolder folder;
  write_cpio(folder.path());
  const std::string whole = read_whole_file(folder / "image");
  const auto read = [&](const std::string& bytes) {
    write_whole_file(folder / "image", bytes);
    return vm::read_initrd(folder / "image").size();
  };
  EXPECT_GT(read(whole), 5u);
  for (size_t n = 0; n < whole.size() - 8; n += 7) {
    // The trailer's own padding may be missing.
    if (whole.find("TRAILER!!!") + 11 <= n) break;
    EXPECT_THROW(read(whole.substr(0, n)), ConfigError) << n;
  }
  for (size_t at = 0; at < whole.size(); at += 3) {
    std::string spoilt = whole;
    spoilt[at] = static_cast<char>(spoilt[at] ^ 0x55);
    try {
      read(spoilt);
    } catch (const ConfigError&) {
      // Said in a sentence; anything else would fail.
    }
  }
}

/// Judged by GNU tar.
TEST(ImageFiles, BecomeAnImageForEngines) {
  TemporaryFolder folder;
  write_cpio(folder.path());
  const DockerImage image{.tags = {"x/y:latest"},
                          .architecture = "amd64",
                          .entrypoint = {"/bin/program"},
                          .environment = {"PATH=/bin"},
                          .leave_out = {"tmp"}};
  write_docker_archive(folder / "image", image, folder / "one.tar");
  write_docker_archive(folder / "image", image, folder / "two.tar");
  EXPECT_EQ(read_whole_file(folder / "one.tar"), read_whole_file(folder / "two.tar"));
  fs::create_directories(folder / "out/layer");
  vm::run_to_end({"tar", "-xf", folder / "one.tar", "-C", folder / "out"}, Duration::s(10));
  vm::run_to_end({"tar", "-xf", folder / "out/layer.tar", "-C", folder / "out/layer"}, Duration::s(10));
  EXPECT_EQ(read_whole_file(folder / "out/layer/bin/program"), "#!/bin/sh\n");
  EXPECT_EQ(read_whole_file(folder.path() / "out/layer/etc" / std::string(120, 'd') / "file"), "long");
  EXPECT_EQ(fs::read_symlink(folder / "out/layer/sbin"), "bin");
  EXPECT_FALSE(fs::exists(folder / "out/layer/tmp"));
  const auto manifest = nlohmann::json::parse(read_whole_file(folder / "out/manifest.json"));
  const std::string config_file = manifest[0]["Config"];
  const auto config = nlohmann::json::parse(read_whole_file(folder.path() / "out" / config_file));
  Sha256 sha;
  sha.add(read_whole_file(folder / "out/layer.tar"));
  EXPECT_EQ(config["rootfs"]["diff_ids"][0], "sha256:" + sha.hex());
  EXPECT_EQ(config["config"]["Entrypoint"][0], "/bin/program");
}

}  // namespace
}  // namespace xedgesim::container
