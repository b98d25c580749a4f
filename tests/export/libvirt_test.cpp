// Domain and network XML: figures against the scenario, every document against libvirt's own schema and
// parser, and against its QEMU driver (embedded, without a daemon) with the QEMU that would run it.
#include "export/libvirt.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <pugixml.hpp>

#include <algorithm>

#include "export/write.h"
#include "support.h"

namespace xedgesim::exporter {
namespace {

pugi::xml_document parsed(const Result& r, const std::string& name) {
  pugi::xml_document doc;
  for (const File& f : r.files)
    if (f.path == name) {
      EXPECT_TRUE(doc.load_string(f.text.c_str()));
    }
  EXPECT_TRUE(doc.first_child()) << "no file " << name;
  return doc;
}

std::string text_of(const pugi::xml_document& doc, const char* path) {
  return doc.select_node(path).node().text().as_string();
}
std::string attribute(const pugi::xml_document& doc, const char* path) {
  return doc.select_node(path).attribute().value();
}

TEST(LibvirtExport, Chassis) {
  const auto s = chassis();
  const Result r = export_libvirt(s, {});
  const auto arm = parsed(r, "chassis.xml");
  EXPECT_EQ(attribute(arm, "/domain/@type"), "qemu");
  EXPECT_EQ(text_of(arm, "/domain/memory"), "2097152");
  EXPECT_EQ(text_of(arm, "/domain/vcpu"), "2");
  EXPECT_EQ(text_of(arm, "/domain/cputune/shares"), "2048");
  EXPECT_EQ(text_of(arm, "/domain/cputune/global_quota"), "150000");
  EXPECT_EQ(text_of(arm, "/domain/memtune/hard_limit"), "2359296");
  EXPECT_EQ(text_of(arm, "/domain/memtune/soft_limit"), "2097152");
  EXPECT_EQ(text_of(arm, "/domain/cpu/model"), "cortex-a57");
  EXPECT_NE(text_of(arm, "/domain/os/loader"), "");
  EXPECT_EQ(text_of(arm, "/domain/os/nvram"), "/var/lib/libvirt/qemu/nvram/chassis_VARS.fd");
  EXPECT_EQ(attribute(arm, "//interface/mac/@address"), "52:54:00:12:34:01");
  EXPECT_EQ(attribute(arm, "//interface/source/@bridge"), "ovsbr0");
  EXPECT_EQ(attribute(arm, "//interface/virtualport/@type"), "openvswitch");
  EXPECT_EQ(attribute(arm, "//interface/vlan/tag/@id"), "1");
  EXPECT_EQ(attribute(arm, "//channel/target/@name"), "org.qemu.guest_agent.0");
  // 100 Mbit/s are 12,207 KiB/s, not the seed's 100,000 (which would be 819 Mbit/s).
  EXPECT_EQ(attribute(arm, "//bandwidth/inbound/@average"), "12207");
  EXPECT_EQ(attribute(arm, "//bandwidth/inbound/@peak"), "24414");
  EXPECT_EQ(attribute(arm, "//bandwidth/outbound/@burst"), "10240");
  const auto x86 = parsed(r, "compute.xml");
  EXPECT_EQ(attribute(x86, "/domain/@type"), "kvm");
  EXPECT_EQ(attribute(x86, "/domain/cpu/@mode"), "host-passthrough");
  EXPECT_EQ(text_of(x86, "/domain/os/cmdline"), "console=ttyS0 root=/dev/vda <&> \"quoted\"");
  const auto storage = parsed(r, "storage.xml");
  EXPECT_EQ(attribute(storage, "//disk[2]/source/@file"), "/var/lib/libvirt/images/storage-data.qcow2");
  EXPECT_EQ(attribute(storage, "//disk[2]/target/@dev"), "vdb");
  EXPECT_EQ(attribute(storage, "//vlan/@trunk"), "yes");
  EXPECT_EQ(attribute(storage, "//vlan/tag[@id='1']/@nativeMode"), "untagged");
  EXPECT_EQ(text_of(storage, "/domain/cputune/shares"), "512");
  EXPECT_EQ(export_libvirt(s, {}).files[0].text, r.files[0].text) << "the same scenario gives the same bytes";
}

TEST(LibvirtExport, RateUnits) {
  EXPECT_EQ(kibibytes_per_second(100'000'000), 12207);
  EXPECT_EQ(kibibytes_per_second(8192), 1);
  EXPECT_EQ(kibibytes_per_second(1), 1) << "0 would mean no limit";
}

TEST(LibvirtExport, NoMachinesIsASentence) {
  try {
    export_libvirt(load_text("scenario: {name: t, duration: 1s}\n"), {});
    FAIL();
  } catch (const ExportError& e) {
    EXPECT_NE(std::string(e.what()).find("type: vm"), std::string::npos);
  }
}

std::string machines_with(const std::vector<std::string>& texts) {
  std::string yaml = "scenario: {name: hostile, duration: 1s}\nnodes:\n";
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string quoted = yaml_text(texts[i]);
    yaml += fmt::format("  - {{id: n{0}, description: {1}, kernel: {2}, kernel_args: {1}}}\n", i, quoted,
                        texts[i].find_first_of("\n") != std::string::npos || texts[i].empty() ? "k" : quoted);
  }
  return yaml;
}

TEST(LibvirtExport, HostileTextComesBackUnchanged) {
  const auto texts = hostile_texts("/nowhere");
  const Result r = export_libvirt(load_text(machines_with(texts)), {});
  for (size_t i = 0; i < texts.size(); ++i) {
    pugi::xml_document doc;
    const auto& file = *std::find_if(r.files.begin(), r.files.end(),
                                     [&](const File& f) { return f.path == fmt::format("n{}.xml", i); });
    // White space as it stands: the default of pugixml would drop text of spaces alone.
    ASSERT_TRUE(doc.load_string(file.text.c_str(), pugi::parse_full | pugi::parse_ws_pcdata)) << file.text;
    EXPECT_EQ(text_of(doc, "/domain/description"), texts[i]);
    EXPECT_EQ(text_of(doc, "/domain/os/cmdline"), texts[i]);
  }
}

TEST(LibvirtExport, PathsWithLineBreaksAreRefused) {
  const auto s = load_text("scenario: {name: t, duration: 1s}\nnodes: [{id: n, kernel: \"a\\nb\"}]\n");
  EXPECT_THROW(export_libvirt(s, {}), ExportError);
}

TEST(LibvirtExport, ControlCharactersAreRefused) {
  const auto s =
      load_text("scenario: {name: t, duration: 1s}\nnodes: [{id: n, kernel: k, kernel_args: \"a\\x01b\"}]\n");
  try {
    export_libvirt(s, {});
    FAIL();
  } catch (const ExportError& e) {
    EXPECT_EQ(e.where(), "nodes[0].kernel_args");
    EXPECT_NE(std::string(e.what()).find("0x01"), std::string::npos);
  }
}

std::vector<std::pair<std::string, scenario::Scenario>> samples() {
  std::vector<std::pair<std::string, scenario::Scenario>> out;
  out.emplace_back("chassis", chassis());
  out.emplace_back("hostile", load_text(machines_with(hostile_texts("/nowhere"))));
  out.emplace_back("plain", load_text(R"(
scenario: {name: plain, duration: 1s}
network: {lan: {}}
nodes:
  - {id: many, count: 3, memory: 256, image: disk.img}
  - {id: arm, arch: aarch64, ip: 192.168.100.20, disks: [{file: more.qcow2, read_only: true}]}
  - {id: arm_kernel, arch: aarch64, ip: 192.168.100.21, kernel: vmlinuz}
links:
  - {endpoints: ["many_1:eth0", "many_2:eth0"]}
  - {endpoints: ["many_1:eth1", "many_3:eth0"]}
)"));
  out.emplace_back("router", router());
  return out;
}

TEST(LibvirtExport, EveryCardInTheMachinesOrder) {
  const Result r = export_libvirt(router(), {});
  const auto gw = parsed(r, "gw.xml");
  EXPECT_EQ(attribute(gw, "//interface[1]/mac/@address"), "52:54:00:00:00:0a");
  EXPECT_EQ(attribute(gw, "//interface[1]/source/@network"), "xsbr0");
  EXPECT_EQ(attribute(gw, "//interface[1]/target/@dev"), "xs-gw");
  EXPECT_EQ(attribute(gw, "//interface[1]/link/@state"), "");
  EXPECT_EQ(attribute(gw, "//interface[1]/bandwidth/outbound/@average"), "1221");
  EXPECT_EQ(attribute(gw, "//interface[2]/mac/@address"), "52:54:00:00:00:0b");
  EXPECT_EQ(attribute(gw, "//interface[2]/source/@network"), "xs-plant_lan");
  EXPECT_EQ(attribute(gw, "//interface[2]/target/@dev"), "xs-gw-eth1");
  EXPECT_EQ(attribute(gw, "//interface[2]/link/@state"), "down") << "the link says up: false";
  EXPECT_EQ(attribute(gw, "//interface[2]/bandwidth/outbound/@average"), "12207");
  EXPECT_TRUE(gw.select_node("//interface[3]").node().empty());
  // UEFI on x86-64.
  EXPECT_EQ(text_of(gw, "/domain/os/loader"), "/usr/share/OVMF/OVMF_CODE_4M.fd");
  EXPECT_EQ(attribute(gw, "/domain/os/nvram/@template"), "/usr/share/OVMF/OVMF_VARS_4M.fd");
  const auto lan = parsed(r, "network-xsbr0.xml");
  EXPECT_EQ(attribute(lan, "//dhcp/host[@mac='52:54:00:00:00:0a']/@ip"), "10.1.0.254");
  EXPECT_TRUE(lan.select_node("//dhcp/host[@mac='52:54:00:00:00:0b']").node().empty());
  EXPECT_TRUE(std::any_of(r.warnings.begin(), r.warnings.end(), [](const Warning& w) {
    return w.text.find("set 10.2.0.254/24 in the machine") != std::string::npos;
  }));
}

TEST(LibvirtExport, EveryDocumentPassesTheSchemaAndTheParser) {
  XEDGESIM_NEEDS("virt-xml-validate", "libvirt-clients");
  for (const auto& [name, s] : samples()) {
    TemporaryFolder folder;
    const Result r = export_libvirt(s, {});
    write(r, folder.path());
    for (const File& f : r.files) {
      if (f.path.extension() != ".xml") continue;
      const std::string file = folder / f.path.string();
      const auto schema = run({"virt-xml-validate", file});
      EXPECT_EQ(schema.exit_code, 0) << name << ": " << schema.out << schema.err << f.text;
      const bool network = f.path.string().rfind("network-", 0) == 0;
      // --validate is VIR_DOMAIN_DEFINE_VALIDATE.
      const auto define = network ? run({"virsh", "-c", "test:///default", "net-define", "--validate", file})
                                  : run({"virsh", "-c", "test:///default", "define", "--validate", file});
      EXPECT_EQ(define.exit_code, 0) << name << ": " << define.err << f.text;
    }
  }
}

TEST(LibvirtExport, TheSchemaRefusesABrokenDocument) {
  XEDGESIM_NEEDS("virt-xml-validate", "libvirt-clients");
  TemporaryFolder folder;
  std::string text = export_libvirt(chassis(), {}).files[0].text;
  text.replace(text.find("<vcpu"), 5, "<vcpx");
  text.replace(text.find("</vcpu"), 6, "</vcpx");
  std::ofstream(folder / "x.xml") << text;
  EXPECT_NE(run({"virt-xml-validate", folder / "x.xml"}).exit_code, 0);
}

TEST(LibvirtExport, TheQemuDriverTakesEveryMachine) {
  XEDGESIM_NEEDS("virsh", "libvirt-clients");
  XEDGESIM_NEEDS("qemu-system-aarch64", "qemu-system-arm");
  XEDGESIM_NEEDS("qemu-system-x86_64", "qemu-system-x86");
  if (geteuid() != 0) GTEST_SKIP() << "not root: the driver is opened as an unprivileged user of its own";
  for (const auto& [name, s] : samples()) {
    TemporaryFolder folder;
    const Result r = export_libvirt(s, {.emulate = true});
    write(r, folder.path());
    ASSERT_EQ(chown(folder.path().c_str(), 65534, 65534), 0);
    for (const File& f : r.files) {
      if (f.path.extension() != ".xml" || f.path.string().rfind("network-", 0) == 0) continue;
      // libvirt inside virsh, as nobody: as root it wants the user libvirt-qemu of a daemon's package.
      const auto define = run({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "virsh", "-c",
                               "qemu:///embed?root=" + (folder / "root").string(), "define", "--validate",
                               (folder / f.path.string()).string()},
                              {"HOME=" + folder.path().string(), "XDG_CACHE_HOME=" + folder.path().string()});
      if (define.err.find("no connection driver available") != std::string::npos)
        GTEST_SKIP() << "libvirt's QEMU driver is missing: scripts/setup --with export installs "
                        "libvirt-daemon-driver-qemu";
      EXPECT_EQ(define.exit_code, 0) << name << ": " << define.err << f.text;
    }
  }
}

}  // namespace
}  // namespace xedgesim::exporter
