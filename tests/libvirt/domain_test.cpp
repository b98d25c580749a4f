// The XML of machines on the wall clock, judged by libvirt's schema, and the life of a domain in libvirt's
// test driver, which pretends to run it: no daemon and no QEMU. Skipped where libvirt is not installed
// (scripts/setup --with libvirt).
#include <gtest/gtest.h>

#include <fstream>

#include "../system/program.h"
#include "base/error.h"
#include "libvirt/connection.h"
#include "libvirt/wall_domain.h"
#include "vm/process.h"

namespace xedgesim::libvirt {
namespace {

WallDomain sample(vm::Arch arch = vm::Arch::x86_64) {
  const bool arm = arch == vm::Arch::aarch64;
  return {.name = "lab-left",
          .uuid = "0b0f3d4e-9d0c-8c1a-9b1f-000000000001",
          .owner = "1234:5678",
          .machine = {.name = "left",
                      .arch = arch,
                      .memory = int64_t{128} << 20,
                      .vcpus = 2,
                      .macs = {"52:54:00:00:00:01"},
                      .kernel = "/boot/k",
                      .initrd = "/boot/<&>\"i\"",
                      .kernel_args = "quiet <&> \"x\""},
          .emulator = arm ? "/usr/bin/qemu-system-aarch64" : "/usr/bin/qemu-system-x86_64",
          .disks = {{.file = "/d0.qcow2", .qcow2 = true}, {.file = "/d1.img", .read_only = true}},
          .limits = {.memory_hard = int64_t{300} << 20, .cpu_quota = 0.5, .cpu_shares = 512},
          .networks = {"/run/x,y/left.net"},
          .console = "/run/left.con",
          .agent = "/run/left.agent",
          .user = "+0:+0"};
}

TEST(WallDomain, PassesTheSchema) {
  if (vm::find_program("virt-xml-validate").empty())
    GTEST_SKIP() << "virt-xml-validate is missing: scripts/setup --with libvirt";
  TemporaryFolder folder;
  for (const vm::Arch arch : {vm::Arch::x86_64, vm::Arch::aarch64})
    for (const bool kernel : {true, false}) {
      WallDomain d = sample(arch);
      if (!kernel) d.machine.kernel.clear();
      std::ofstream(folder / "d.xml") << domain_xml(d);
      EXPECT_NO_THROW(
          vm::run_to_end({"virt-xml-validate", (folder / "d.xml").string(), "domain"}, Duration::s(20)))
          << domain_xml(d);
    }
}

TEST(WallDomain, CardsHaveTheirOrderInTheMachine) {
  WallDomain d = sample();
  d.machine.macs.push_back("52:54:00:00:00:02");
  d.networks.push_back("/run/left.net1");
  const std::string xml = domain_xml(d);
  for (const char* part : {"stream,id=net0,server=off,addr.type=unix,addr.path=/run/x,,y/left.net",
                           "virtio-net-pci,netdev=net0,mac=52:54:00:00:00:01,bus=pcie.0,addr=0x10,",
                           "stream,id=net1,server=off,addr.type=unix,addr.path=/run/left.net1",
                           "virtio-net-pci,netdev=net1,mac=52:54:00:00:00:02,bus=pcie.0,addr=0x11,"})
    EXPECT_NE(xml.find(part), std::string::npos) << part << "\n" << xml;
}

TEST(WallDomain, HoldsWhatTheMachineIs) {
  const std::string xml = domain_xml(sample());
  EXPECT_NE(xml.find("<global_quota>50000<"), std::string::npos) << xml;
  EXPECT_NE(xml.find("<hard_limit unit=\"KiB\">307200<"), std::string::npos) << xml;
  EXPECT_NE(xml.find("addr.path=/run/x,,y/left.net"), std::string::npos)
      << "QEMU reads a comma written twice";
  EXPECT_NE(xml.find("console=ttyS0"), std::string::npos) << xml;
  EXPECT_EQ(owner_in(xml), "1234:5678");
  EXPECT_EQ(owner_in("<domain><metadata/></domain>"), "");
  EXPECT_EQ(owner_in("no xml"), "");
}

TEST(WallDomain, ArmMachinesHaveNoAcpiWithoutUefiInFlash) {
  EXPECT_NE(domain_xml(sample()).find("<acpi"), std::string::npos);
  for (const bool kernel : {true, false}) {
    WallDomain d = sample(vm::Arch::aarch64);
    if (!kernel) d.machine.kernel.clear();
    EXPECT_EQ(domain_xml(d).find("<acpi"), std::string::npos) << "QEMU's driver refuses it";
  }
}

TEST(WallDomain, ControlCharactersAreRefused) {
  WallDomain d = sample();
  d.machine.kernel_args = std::string("a\x01") + "b";
  EXPECT_THROW(domain_xml(d), ConfigError);
}

class TestDriver : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Connection::missing().empty()) GTEST_SKIP() << Connection::missing();
  }
};

TEST_F(TestDriver, ADomainLives) {
  using State = Domain::State;
  Connection c("test:///default");
  EXPECT_FALSE(c.is_session());
  EXPECT_NE(c.version().find("libvirt "), std::string::npos);
  EXPECT_EQ(c.find("lab-left"), nullptr);
  WallDomain described = sample();
  described.user.reset();
  const auto d = c.define(domain_xml(described));
  EXPECT_EQ(c.owner_of("lab-left"), "1234:5678");
  EXPECT_EQ(d->state(), State::off);
  d->start();
  EXPECT_EQ(d->state(), State::running);
  EXPECT_THROW(d->start(), SimulationError) << "it runs";
  d->suspend();
  EXPECT_EQ(d->state(), State::paused);
  d->resume();
  d->press_power_button();
  std::string why;
  EXPECT_EQ(d->state(&why), State::off);
  EXPECT_EQ(why, "shut down by its guest");
  EXPECT_THROW(d->suspend(), SimulationError);
  d->start();
  ASSERT_EQ(c.owned().size(), 1u);
  EXPECT_EQ(c.owned()[0].first, "lab-left");
  d->remove();
  EXPECT_EQ(d->state(), State::gone);
  EXPECT_EQ(c.find("lab-left"), nullptr);
}

TEST_F(TestDriver, WhatItDoesNotTakeIsASentence) {
  Connection c("test:///default");
  try {
    c.define("<domain type='test'><name>x</name></domain>");
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("test:///default does not take it"), std::string::npos) << e.what();
  }
}

TEST_F(TestDriver, OtherHostsAreRefused) {
  for (const char* uri : {"qemu+ssh://root@lab/system", "qemu+tcp://lab/system", "qemu://lab/system"}) try {
      Connection c(uri);
      FAIL() << uri;
    } catch (const ConfigError& e) {
      EXPECT_NE(std::string(e.what()).find("another host's"), std::string::npos) << e.what();
    }
}

}  // namespace
}  // namespace xedgesim::libvirt
