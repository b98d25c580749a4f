// Packages of a suite that is not the host's: which mirror is asked, and what is said when it has not the
// suite or is out of reach. A stand-in takes APT's place.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "base/whole_file.h"
#include "temporary_folder.h"
#include "vm/image/debian_packages.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

TEST(DebianMirrors, AreThoseThatHaveTheHostsReleaseOrAnUnnumberedOne) {
  const auto mirrors = [](const std::string& text) { return debian_mirrors(text, "bookworm"); };
  EXPECT_EQ(mirrors("'http://a/debian/dists/bookworm/InRelease' a_InRelease 0 \n"
                    "'http://a/debian/dists/bookworm-updates/InRelease' a_InRelease 0 \n"
                    "'http://a/debian-security/dists/bookworm-security/InRelease' a_InRelease 0 \n"
                    "'http://a/debian/dists/bookworm/main/binary-amd64/Packages.xz' a_Packages 0 \n"
                    "W: a warning\n"
                    "'https://tools/apt/dists/tools-bookworm/InRelease' t_InRelease 0 \n"),
            std::vector<std::string>{"http://a/debian"});
  EXPECT_EQ(mirrors("'http://a/debian/dists/sid/InRelease' a_InRelease 0 \n"
                    "'mirror+file:/etc/apt/m.list/dists/bookworm/InRelease' m_InRelease 0 \n"
                    "'http://a/debian/dists/testing/InRelease' a_InRelease 0 \n"),
            (std::vector<std::string>{"http://a/debian", "mirror+file:/etc/apt/m.list"}));
  EXPECT_TRUE(mirrors("'http://a/debian/dists/trixie/InRelease' a_InRelease 0 \n").empty());
  EXPECT_TRUE(mirrors("").empty());
}

TEST(SuiteName, IsWhatDebianWouldGive) {
  for (const char* name : {"bookworm", "trixie", "bookworm-backports", "sid"})
    EXPECT_NO_THROW(check_suite_name(name, "x")) << name;
  for (const char* name : {"", "Bookworm", "12", "book worm", "../etc", "a]", "a/updates"}) {
    try {
      check_suite_name(name, "r:3");
      ADD_FAILURE() << name;
    } catch (const ConfigError& e) {
      EXPECT_EQ(
          std::string(e.what()),
          "r:3: '" + std::string(name) + "' is no name of a suite of Debian: write bookworm or trixie, say");
    }
  }
}

class Packages : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists("/usr/share/keyrings/debian-archive-keyring.gpg"))
      GTEST_SKIP() << "needs Debian's keys (scripts/setup --with tests): debian-archive-keyring";
    path_ = std::getenv("PATH");
    setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
    // Has the suites whose names are files in has/, for every mirror but the one of "tools".
    write("apt-get", "#!/bin/sh\ncd " + folder_.path().string() + R"(
for word; do case $word in Dir::Etc::SourceList=*) sources=${word#*=} ;; Dir::Cache=*) cache=${word#*=} ;; esac; done
case "$*" in
  "update --print-uris"*) cat mirrors ;;
  *" update")
    cat "$sources" >>asked
    set -- $(cat "$sources")
    case $3 in *tools) echo "E: not signed"; exit 100 ;; esac
    [ -e "has/$4" ] || { echo "E: The repository '$3 $4 Release' does not have a Release file."; exit 100; } ;;
  *--download-only*) >"$cache/archives/one_1_arm64.deb"; echo fetched >>asked ;;
  *--print-uris*) echo "'http://a/debian/pool/one_1_arm64.deb' one_1_arm64.deb 10 SHA256:0" ;;
esac
)");
    fs::permissions(folder_ / "apt-get", fs::perms::owner_all);
    write("mirrors",
          "'http://b/tools/dists/sid/InRelease' b_InRelease 0 \n"
          "'http://a/debian/dists/stable/InRelease' a_InRelease 0 \n");
    write("has/bookworm", "");
    write("asked", "");
  }
  void TearDown() override {
    if (!path_.empty()) setenv("PATH", path_.c_str(), 1);
  }
  void write(const std::string& file, const std::string& text) {
    fs::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }
  std::vector<std::string> fetch(const std::string& suite) {
    said_.clear();
    DebianPackages packages({.folder = folder_ / "store",
                             .arch = Arch::aarch64,
                             .suite = suite,
                             .log = [this](std::string_view text) { said_ += text; }});
    const auto files = packages.fetch({"one"});
    for (const std::string& f : files) EXPECT_TRUE(fs::exists(packages.path(f))) << f;
    return files;
  }
  std::string refusal(const std::string& suite) {
    try {
      fetch(suite);
    } catch (const ConfigError& e) {
      return e.what();
    }
    return "nothing was refused";
  }
  std::string asked() { return read_whole_file(folder_ / "asked"); }

  TemporaryFolder folder_;
  std::string path_, said_;
};

TEST_F(Packages, AreFetchedOnceFromTheMirrorThatIsDebians) {
  EXPECT_EQ(fetch("bookworm"), std::vector<std::string>{"one_1_arm64.deb"});
  EXPECT_EQ(said_, "fetching 1 packages of bookworm for arm64");
  const std::string line =
      "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://a/debian bookworm main\n";
  EXPECT_NE(asked().find(line + "fetched\n"), std::string::npos) << asked();
  write("asked", "");
  EXPECT_EQ(fetch("bookworm"), std::vector<std::string>{"one_1_arm64.deb"});
  EXPECT_EQ(asked().find("fetched"), std::string::npos);
  EXPECT_EQ(said_, "");
}

TEST_F(Packages, OfASuiteThatNoMirrorHasAreRefused) {
  const std::string said = refusal("nosuch");
  EXPECT_TRUE(
      said.starts_with("cannot get the package list of Debian's suite 'nosuch' from http://b/tools, "
                       "http://a/debian: "))
      << said;
  EXPECT_NE(said.find("does not have a Release file"), std::string::npos) << said;
  EXPECT_TRUE(fs::is_empty(folder_ / "store"));
  write("mirrors", "");
  EXPECT_EQ(refusal("bookworm"),
            "cannot get the package list of Debian's suite 'bookworm': APT's sources of this host (/etc/apt) "
            "name no mirror of Debian");
}

TEST_F(Packages, ThatAreThereDoWithoutTheMirror) {
  fetch("bookworm");
  fs::remove(folder_ / "has/bookworm");
  EXPECT_EQ(fetch("bookworm"), std::vector<std::string>{"one_1_arm64.deb"});
  EXPECT_TRUE(said_.starts_with("the package list could not be renewed, the last one is used (")) << said_;
  write("mirrors", "");
  EXPECT_EQ(fetch("bookworm"), std::vector<std::string>{"one_1_arm64.deb"});
}

}  // namespace
}  // namespace xedgesim::vm
