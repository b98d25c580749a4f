// Images: what goes into an initial RAM disk, judged by cpio; recipes and their mistakes; the store.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "base/error.h"
#include "temporary_folder.h"
#include "vm/image/cpio.h"
#include "vm/image/guest_settings.h"
#include "vm/image/image_builder.h"
#include "vm/image/image_store.h"
#include "vm/image/kernel_module.h"
#include "vm/image/recipe.h"
#include "vm/process.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

void write_text(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

std::string refusal(const std::function<void()>& f) {
  try {
    f();
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "nothing was refused";
}

TEST(FileTree, IsAnArchiveThatCpioReads) {
  if (std::system("cpio --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "cpio is not installed";
  const TemporaryFolder scratch;
  FileTree tree;
  tree.add_file("usr/bin/tool", "#!/bin/sh\n", 0755);
  tree.add_file("etc/name", "odd length");
  tree.add_link("bin", "usr/bin");
  tree.add_character_device("dev/console", 5, 1, 0600);
  tree.add_folder("tmp", 01777);
  write_text(scratch / "archive", tree.archive());
  const std::string listed = run_to_end(
      {"sh", "-c", "TZ=UTC cpio --quiet -itvn <" + (scratch / "archive").string()}, Duration::s(20));
  std::istringstream lines(listed);
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_NE(line.find("Jan  1  1970"), std::string::npos) << line;
    names.push_back(line.substr(0, 10) + " " + line.substr(line.find("1970") + 5));
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"lrwxrwxrwx bin -> usr/bin", "drwxr-xr-x dev", "crw------- dev/console",
                                      "drwxr-xr-x etc", "-rw-r--r-- etc/name", "drwxrwxrwt tmp",
                                      "drwxr-xr-x usr", "drwxr-xr-x usr/bin", "-rwxr-xr-x usr/bin/tool"}));
}

TEST(FileTree, DependsOnItsContentsAlone) {
  FileTree a, b;
  a.add_file("x/one", "1");
  a.add_file("two", "2");
  b.add_file("two", "other");
  b.add_file("two", "2");
  b.add_file("x/one", "1");
  EXPECT_EQ(a.archive(), b.archive());
  EXPECT_EQ(a.archive().size() % 4, 0u);
}

TEST(GuestSettings, CarryFilesOfTheHost) {
  const TemporaryFolder scratch;
  write_text(scratch / "program", "run me");
  fs::permissions(scratch / "program", fs::perms::owner_all);
  GuestSettings s{.hostname = "box",
                  .addresses = {"10.0.0.1/24", "10.1.0.2/16"},
                  .gateway = "10.0.0.254",
                  .hosts = {"10.0.0.2 other"},
                  .commands = {"date"},
                  .files = {{"/opt/program", scratch / "program"}}};
  EXPECT_NE(s.archive().find("run me"), std::string::npos);
  EXPECT_NE(s.archive().find("opt/program"), std::string::npos);
  EXPECT_NE(s.archive().find("10.0.0.1/24\n"), std::string::npos);
  EXPECT_NE(s.archive().find("eth1 10.1.0.2/16\n"), std::string::npos);
  EXPECT_NE(s.archive().find("10.0.0.254\n"), std::string::npos);
  s.files["/opt/missing"] = scratch / "missing";
  EXPECT_EQ(refusal([&] { s.archive(); }),
            "machine 'box': cannot read the file " + (scratch / "missing").string());
}

TEST(Recipe, IncludesAnotherAndNamesMistakesByLine) {
  const TemporaryFolder scratch;
  write_text(scratch / "base/recipe", "kernel linux-image-@ARCH@  # comment\npackage one\n");
  write_text(scratch / "more/recipe", "include base\npackage two\nmodule net\n");
  const Recipe r = Recipe::load(scratch.path(), "more");
  EXPECT_EQ(r.packages, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(r.kernel, "linux-image-@ARCH@");
  EXPECT_EQ(r.modules, std::vector<std::string>{"net"});
  EXPECT_EQ(r.suite, "bookworm");
  write_text(scratch / "newer/recipe", "include base\nsuite trixie\n");
  EXPECT_EQ(Recipe::load(scratch.path(), "newer").suite, "trixie");
  write_text(scratch / "odd/recipe", "include base\nsuite Trixie\n");
  EXPECT_NE(refusal([&] {
              Recipe::load(scratch.path(), "odd");
            }).find("odd/recipe:2: 'Trixie' is no name of a suite of Debian"),
            std::string::npos);
  fs::remove_all(scratch / "newer");
  fs::remove_all(scratch / "odd");

  EXPECT_EQ(refusal([&] { Recipe::load(scratch.path(), "nosuch"); }),
            "there is no image recipe 'nosuch': there are base, more");
  write_text(scratch / "bad/recipe", "kernel k\npakage one\n");
  EXPECT_NE(refusal([&] { Recipe::load(scratch.path(), "bad"); }).find("bad/recipe:2: there is no 'pakage'"),
            std::string::npos);
  write_text(scratch / "circle/recipe", "include circle\n");
  EXPECT_NE(refusal([&] { Recipe::load(scratch.path(), "circle"); }).find("in a circle"), std::string::npos);
  write_text(scratch / "empty/recipe", "\n");
  EXPECT_NE(refusal([&] { Recipe::load(scratch.path(), "empty"); }).find("has no kernel"), std::string::npos);
}

TEST(Recipe, ShippedOnesLoad) {
  const fs::path folder = fs::path(XEDGESIM_SOURCE_DIR) / "images";
  for (const auto& e : fs::directory_iterator(folder))
    EXPECT_NO_THROW(Recipe::load(folder, e.path().filename().string())) << e.path();
}

TEST(ImageBuilder, SaysWhatToInstallForAProgramOfTheOtherProcessor) {
  const TemporaryFolder scratch;
  write_text(scratch / "gw/recipe", "kernel k\nprogram edge-service\n");
  ImageBuilder builder({.recipes = scratch.path(),
                        .programs = scratch / "build",
                        .store = ImageStore(scratch / "images"),
                        .log = {}});
  for (const Arch arch : {Arch::x86_64, Arch::aarch64}) {
    if (arch == host_arch()) continue;
    const std::string compiler = arch == Arch::aarch64 ? "g++-aarch64-linux-gnu" : "g++-x86-64-linux-gnu";
    EXPECT_EQ(refusal([&] { builder.build("gw", arch); }),
              "the image 'gw' holds the program 'edge-service', which this build has not for " +
                  std::string(to_string(arch)) + ": install a compiler (scripts/setup --with qemu; Debian: " +
                  compiler + "), then scripts/build");
  }
  EXPECT_NE(refusal([&] { builder.build("gw", Arch::aarch64, "No"); }).find("--suite: 'No' is no name"),
            std::string::npos);
}

TEST(KernelModule, LosesItsSignatureAndNothingElse) {
  const std::string code =
                        "\x7f"
                        "ELF and what follows",
                    mark = "~Module signature appended~\n";
  const auto with = [&](const std::string& signature, const std::string& length) {
    return code + signature + std::string(8, '\0') + length + mark;
  };
  using namespace std::string_literals;
  EXPECT_EQ(without_signature(with("PKCS7", "\0\0\0\5"s)), code);
  EXPECT_EQ(without_signature(with(std::string(0x203, 's'), "\0\0\2\3"s)), code);
  // Not signed, or not as Linux does it: as it is.
  for (const std::string& other : {""s, code, mark, code.substr(0, 5) + mark, with("PKCS7", "\0\0\0\xff"s),
                                   with("PKCS7", "\0\0\0\5"s) + "x"})
    EXPECT_EQ(without_signature(other), other);
}

TEST(ImageStore, KnowsWhatNothingUsesAnyMore) {
  const TemporaryFolder folder;
  const ImageStore store(folder.path());
  const auto put = [&](const std::string& file, const std::string& text) { write_text(folder / file, text); };
  const auto image = [&](const std::string& name) {
    put(name + "/kernel", "1234");
    put(name + "/initrd", "123");
  };
  for (const char* name : {"base-x86_64-01", "base-x86_64-02", "my-x86_64-box-aarch64-03", "lone-aarch64-04"})
    image(name);
  store.select("base", Arch::x86_64, "02");
  store.select("my-x86_64-box", Arch::aarch64, "03");
  put("apt-amd64/cache/archives/a.deb", "12345");
  put("apt-arm64/status", "");
  put("apt-bookworm-amd64/status", "in use");
  put("making-old/root", "12");
  put("making-new/root", "under way");
  put("of the user/x", "x");
  put("kvm-0123", "a probe's answer");
  put("half-x86_64-05/kernel", "being made by nobody we know");
  fs::last_write_time(folder / "making-old", fs::file_time_type::clock::now() - std::chrono::hours(25));
  const auto found = store.unused();
  std::vector<std::string> said;
  for (const auto& u : found)
    said.push_back(fmt::format("{} {} {}", u.path.filename().string(), u.bytes, u.what));
  EXPECT_EQ(said, (std::vector<std::string>{"apt-amd64 5 packages fetched by an earlier version",
                                            "apt-arm64 0 packages fetched by an earlier version",
                                            "base-x86_64-01 7 an earlier build of base for x86_64",
                                            "lone-aarch64-04 7 an earlier build of lone for aarch64",
                                            "making-old 2 begun and never finished"}));
  store.remove(found);
  EXPECT_TRUE(store.unused().empty());
  EXPECT_TRUE(store.find("base", Arch::x86_64) && store.find("my-x86_64-box", Arch::aarch64));
  for (const char* name : {"apt-bookworm-amd64", "making-new", "of the user", "kvm-0123", "half-x86_64-05"})
    EXPECT_TRUE(fs::exists(folder / name)) << name;
  for (const auto& u : found) EXPECT_FALSE(fs::exists(u.path)) << u.path;
}

TEST(ImageStore, TellsHowToBuildWhatIsMissing) {
  const TemporaryFolder scratch;
  const ImageStore store(scratch.path());
  EXPECT_EQ(refusal([&] { store.get("base", Arch::aarch64); }),
            "there is no image 'base' for aarch64: make it by `xedgesim image build base --arch aarch64`, or "
            "bring a "
            "container image by `xedgesim image import`");
  const fs::path folder = store.content_folder("base", Arch::aarch64, "abc");
  write_text(folder / "kernel", "k");
  write_text(folder / "initrd", "i");
  store.select("base", Arch::aarch64, "abc");
  EXPECT_EQ(store.get("base", Arch::aarch64).initrd, folder / "initrd");
  EXPECT_FALSE(store.find("base", Arch::x86_64));
  fs::remove(folder / "kernel");
  EXPECT_FALSE(store.find("base", Arch::aarch64));
}

}  // namespace
}  // namespace xedgesim::vm
