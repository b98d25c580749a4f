// A container image made here, in a Linux machine in virtual time: its program runs as its config says, and
// two runs are one. Skipped, with the reason, without QEMU, the image `base` or Debian's busybox-static.
#include <gtest/gtest.h>

#include "../support/container_archive.h"
#include "machine_run.h"
#include "program.h"
#include "vm/image/root_tree.h"

namespace xedgesim::testing {
namespace {

namespace fs = std::filesystem;

std::string missing_for_import() {
  if (const std::string why = vm::archives_missing(); !why.empty()) return why;
  if (const std::string why = missing(vm::Arch::x86_64); !why.empty()) return why;
  const std::string busybox = read_file("/bin/busybox");
  if (busybox.empty() || busybox.find("/lib64/ld-linux") != std::string::npos)
    return "busybox-static is not installed";
  return {};
}

/// The image store of this user, with `base` and what a test adds.
class OwnImages {
 public:
  OwnImages() {
    const fs::path folder = vm::ImageStore().find("base", vm::Arch::x86_64)->kernel.parent_path();
    fs::create_directory_symlink(folder, folder_ / folder.filename().string());
    fs::create_symlink(folder.filename(), folder_ / "base-x86_64");
    setenv("XEDGESIM_IMAGES", folder_.path().c_str(), 1);
  }
  ~OwnImages() { unsetenv("XEDGESIM_IMAGES"); }

 private:
  TemporaryFolder folder_;
};

/// `FROM scratch`: busybox, and a program of two layers that tells where it is.
ContainerArchive scratch_image(const std::string& greeting) {
  TarWriter one, two;
  one.folder("bin");
  one.file("bin/busybox", read_file("/bin/busybox"), 0755);
  one.link("bin/sh", "busybox");
  one.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nworker:x:1234:1234:w:/srv:/bin/sh\n");
  one.file("srv/old", "old");
  two.file("srv/.wh.old", "");
  two.file("srv/run",
           "#!/bin/sh\n"
           "echo \"" +
               greeting +
               " $GREETED as $(busybox id -u) in $(busybox pwd), $*\"\n"
               "busybox ls /srv\n"
               "echo \"mode $MODE host $(busybox hostname)\"\n"
               "busybox grep -c peer /etc/hosts\n"
               "exit 3\n",
           0755);
  return {
      .layers = {one.archive(), two.archive()},
      .config =
          R"({"Entrypoint":["run"],"Cmd":["one","two words"],"Env":["PATH=/srv:/bin","GREETED=it's $HOME"],)"
          R"("WorkingDir":"/srv","User":"worker"})",
      .tag = "tests/greeter:1"};
}

constexpr const char* kScenario =
    "scenario: {name: imported, duration: 9s}\n"
    "nodes:\n"
    "  - {id: box, type: vm, arch: x86_64, memory: 256MiB, image: greeter, ip: 10.0.0.1, environment: {MODE: "
    "\"a b\"}}\n"
    "  - {id: peer, type: model, ip: 10.0.0.2}\n"
    "links:\n  - {id: cable, endpoints: [\"box:eth0\", \"peer:eth0\"], latency: 1ms}\n";

TEST(ImportedImage, RunsInVirtualTimeTwiceTheSame) {
  if (const std::string why = missing_for_import(); !why.empty()) GTEST_SKIP() << why;
  const OwnImages images;
  TemporaryFolder folder;
  std::ofstream(folder / "greeter.tar", std::ios::binary) << scratch_image("hello").saved();
  const ProgramResult imported =
      run_program({"image", "import", (folder / "greeter.tar").string(), "--arch", "x86_64"});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_NE(imported.out.find("image greeter for x86_64"), std::string::npos) << imported.out;
  EXPECT_NE(run_program({"image", "list"}).out.find("greeter"), std::string::npos);
  std::ofstream(folder / "s.yaml") << kScenario;
  std::string digests[2], consoles[2];
  for (int i = 0; i < 2; ++i) {
    const fs::path out = folder / ("run" + std::to_string(i));
    const ProgramResult r = run_program({"run", (folder / "s.yaml").string(), "-q", "-o", out.string()});
    ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
    digests[i] = nlohmann::json::parse(read_file(out / "summary.json"))["digest"];
    consoles[i] = read_file(out / "consoles/box.log");
  }
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_EQ(consoles[0], consoles[1]);
  for (const char* line :
       {"hello it's $HOME as 1234 in /srv, one two words\n", "] run\n", "mode a b host box\n", "] 1\n",
        "xedgesim: the image's program ended with status 3\n"})
    EXPECT_NE(consoles[0].find(line), std::string::npos) << line << consoles[0];
  EXPECT_EQ(consoles[0].find("] old\n"), std::string::npos) << consoles[0];
}

/// Firmware and image are made once; what is to be deployed are the very files that ran.
TEST(ImportedImage, TheDeployedFirmwareAndImageAreTheOnesThatRan) {
  if (const std::string why = missing_for_import(); !why.empty()) GTEST_SKIP() << why;
  const fs::path firmware = std::string(XEDGESIM_BINARY_DIR) + "/firmware/hello.elf";
  if (!fs::exists(firmware)) GTEST_SKIP() << "the firmware is not built: gcc-arm-none-eabi is missing";
  const OwnImages images;
  TemporaryFolder folder;
  const std::string archive = scratch_image("hello").saved();
  std::ofstream(folder / "greeter.tar", std::ios::binary) << archive;
  const auto import = [&] {
    return run_program({"image", "import", (folder / "greeter.tar").string(), "--arch", "x86_64"}).exit_code;
  };
  ASSERT_EQ(import(), 0);
  fs::copy_file(firmware, folder / "sensor.elf");
  std::string text = kScenario;
  text.replace(text.find("9s"), 2, "1s");
  std::ofstream(folder / "s.yaml")
      << text << "devices:\n  - {id: sensor, platform: nrf52840dk, firmware: sensor.elf}\n";
  const ProgramResult ran =
      run_program({"run", (folder / "s.yaml").string(), "-q", "-o", (folder / "run").string()});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  const auto deploy = [&](const std::string& to) {
    return run_program({"export", "compose", (folder / "s.yaml").string(), "-o", (folder / to).string(),
                        "--run", (folder / "run").string()});
  };
  const ProgramResult exported = deploy("deploy");
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const auto inputs = nlohmann::json::parse(read_file(folder / "run/inputs.json"));
  const auto manifest = nlohmann::json::parse(read_file(folder / "deploy/manifest.json"));
  const auto image = vm::ImageStore().get("greeter", vm::Arch::x86_64);
  std::map<std::string, std::string> sums;
  for (const auto& a : manifest["artefacts"]) {
    sums[a["role"]] = a["sha256"];
    if (!a.contains("run_digest")) continue;
    EXPECT_EQ(inputs["files"][a["scenario"].get<std::string>()], a["run_digest"]) << a;
  }
  EXPECT_EQ(sums["firmware"], sha256_hex(read_file(firmware)));
  EXPECT_EQ(sums["firmware"], sha256_hex(read_file(folder / "deploy/firmware/sensor.elf")));
  EXPECT_EQ(sums["kernel"], sha256_hex(read_file(image.kernel)));
  EXPECT_EQ(sums["initrd"], sha256_hex(read_file(image.initrd)));
  EXPECT_EQ(sums["container image archive"], sha256_hex(archive));

  // An image that was made anew since is not the one that ran.
  std::ofstream(folder / "greeter.tar", std::ios::binary) << scratch_image("good day").saved();
  ASSERT_EQ(import(), 0);
  const ProgramResult refused = deploy("again");
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.err.find("'image greeter x86_64/initrd' is not the file that ran"), std::string::npos)
      << refused.err;
  EXPECT_FALSE(fs::exists(folder / "again"));
}

}  // namespace
}  // namespace xedgesim::testing
