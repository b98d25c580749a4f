// An image's file system as a folder and as a container image; archives that lie.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/sha256.h"
#include "container/cpio_unpack.h"
#include "container/docker_archive.h"
#include "temporary_folder.h"
#include "vm/image/cpio.h"
#include "vm/process.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace xedgesim::container {
namespace {

namespace fs = std::filesystem;

std::string write_cpio(const fs::path& folder) {
  vm::FileTree tree;
  tree.add_file("bin/program", "#!/bin/sh\n", 0755);
  tree.add_file("etc/" + std::string(120, 'd') + "/file", "long", 0600);
  tree.add_link("sbin", "bin");
  tree.add_folder("tmp", 01777);
  tree.add_character_device("dev/console", 5, 1, 0600);
  std::ofstream(folder / "image", std::ios::binary) << tree.archive();
  return tree.archive();
}

TEST(ImageFiles, UnpackAsTheyWere) {
  TemporaryFolder folder;
  write_cpio(folder.path());
  unpack_cpio(folder / "image", folder / "root");
  EXPECT_EQ(read_whole_file(folder / "root/bin/program"), "#!/bin/sh\n");
  EXPECT_EQ(fs::status(folder / "root/bin/program").permissions(), fs::perms(0755));
  EXPECT_EQ(fs::status(folder / "root/tmp").permissions(), fs::perms(01777));
  EXPECT_EQ(fs::read_symlink(folder / "root/sbin"), "bin");
  EXPECT_FALSE(fs::exists(folder / "root/dev/console"));
}

TEST(ImageFiles, StayInTheirFolder) {
  TemporaryFolder folder;
  for (const char* path : {"../out", "/out", "a/../../out"}) {
    vm::FileTree tree;
    tree.add_file(path, "x");
    EXPECT_THROW(read_cpio(tree.archive(), [](const CpioEntry&) {}), ConfigError) << path;
  }
  vm::FileTree tree;
  tree.add_link("a", folder.path().string());
  tree.add_file("a/out", "x");
  // The folder above an entry is made by itself; here it is a link.
  tree.add_link("a", folder.path().string());
  std::ofstream(folder / "image", std::ios::binary) << tree.archive();
  EXPECT_THROW(unpack_cpio(folder / "image", folder / "root"), ConfigError);
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(ImageFiles, AreRefusedWhenCutOffOrSpoilt) {
  TemporaryFolder folder;
  const std::string whole = write_cpio(folder.path());
  for (size_t n = 0; n < whole.size() - 8; n += 7)
    EXPECT_THROW(read_cpio(whole.substr(0, n), [](const CpioEntry&) {}), ConfigError) << n;
  for (size_t at = 0; at < whole.size(); at += 3) {
    std::string spoilt = whole;
    spoilt[at] = static_cast<char>(spoilt[at] ^ 0x55);
    try {
      read_cpio(spoilt, [](const CpioEntry&) {});
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
