#pragma once
#include <map>

#include "scenario/common.h"
#include "scenario/health.h"
#include "scenario/traffic.h"
#include "scenario/typed_text.h"

namespace xedgesim::scenario {

struct Bandwidth {
  std::optional<int64_t> average;  ///< bits a second
  std::optional<int64_t> peak;     ///< bits a second
  std::optional<int64_t> burst;    ///< bytes
  bool operator==(const Bandwidth&) const = default;
};

struct Qos {
  std::optional<Bandwidth> inbound;
  std::optional<Bandwidth> outbound;
  bool operator==(const Qos&) const = default;
};

struct MemoryLimit {
  std::optional<int64_t> hard;  ///< bytes
  std::optional<int64_t> soft;  ///< bytes
  bool operator==(const MemoryLimit&) const = default;
};

struct Disk {
  FilePath file;
  bool read_only = false;
  bool operator==(const Disk&) const = default;
};

/// What a container of a pod may use that says nothing itself.
struct PodLimits {
  std::optional<double> cpu;      ///< cores
  std::optional<int64_t> memory;  ///< bytes
  bool operator==(const PodLimits&) const = default;
};

struct K3s {
  FilePath binary;
  std::string token;
  FilePath token_file;
  std::string server;  ///< agents: node id of the server; absent: the only k3s-server
  std::vector<std::string> extra_flags;
  std::vector<FilePath> manifests;
  std::optional<PodLimits> pod_limits;
  bool operator==(const K3s&) const = default;
};

/// One of several network cards of a machine.
struct Interface {
  std::string name;               ///< absent: eth and its place in the list
  std::string ip;                 ///< absent: derived
  std::optional<int64_t> prefix;  ///< of its network; absent: as of a node
  std::string mac;                ///< absent: derived from the node's id and the name
  std::optional<Qos> qos;         ///< absent: the node's
  bool operator==(const Interface&) const = default;
};

/// A Linux machine, or a native model of a host on the network.
struct LinuxNode {
  enum class Type { vm, container, process, model, host };
  enum class Arch { x86_64, aarch64 };
  enum class Role { none, k3s_server, k3s_agent };
  enum class Backend { qemu, libvirt };
  enum class LimitPolicy { enforce, best_effort };
  enum class Firmware { bios, uefi };
  enum class Console { file, pty };
  enum class DiskBus { aoe, nvdimm };
  std::string id;
  std::string description;
  int64_t count = 1;
  Type type = Type::vm;
  Arch arch = Arch::x86_64;
  int64_t memory = int64_t{512} << 20;  ///< bytes
  std::optional<MemoryLimit> memory_limit;
  int64_t vcpus = 1;
  std::optional<double> cpu_quota;  ///< 1.0 = one whole core
  LimitPolicy limits = LimitPolicy::enforce;
  std::optional<int64_t> cpu_shares;  ///< absent: 1024 a vcpu
  std::string cpu_model;              ///< absent: the back end's default for the architecture
  std::string mac;                    ///< absent: derived from the id
  std::string ip;                     ///< absent: DHCP
  std::optional<int64_t> prefix;      ///< of a network of its own; absent: network.lan's, else 24
  std::vector<Interface> interfaces;  ///< several network cards; empty: one, of `ip`, `prefix` and `mac`
  std::string gateway;                ///< the way to other networks: an address in one of its own
  std::string image;                  ///< container: image name; vm: name of a built image, or disk image
  FilePath image_file;                ///< vm: resolved disk image; empty for a name
  std::optional<Firmware> firmware;   ///< vm: starts the disk image; absent: bios on x86-64, uefi on ARM64
  FilePath kernel;
  FilePath initrd;
  std::string kernel_args;
  std::vector<Disk> disks;
  std::optional<int64_t> extra_disk_size;  ///< bytes of an empty data disk
  DiskBus disk_bus = DiskBus::aoe;         ///< vm: of its disks in virtual time
  Role role = Role::none;
  std::optional<K3s> k3s;
  std::optional<Qos> qos;
  Backend backend = Backend::qemu;
  std::vector<std::string> command;       ///< process, container
  std::vector<std::string> commands;      ///< vm: run one after the other at boot
  std::vector<TypedText> exec;            ///< vm: typed into the console's shell; else run beside its command
  std::map<std::string, FilePath> files;  ///< vm: path in the machine -> file of the host
  std::optional<Duration> boundary;       ///< vm: longest stretch without a look for input
  Duration timeout = Duration::s(60);     ///< vm: wall time it may take for one answer
  std::map<std::string, std::string> environment;
  std::vector<std::string> volumes;
  std::optional<Health> health;  ///< container
  Console console = Console::file;
  std::vector<std::string> ports;    ///< of the host that lead to it; see port_forward.h
  std::string interface;             ///< host: its network device; absent: xs-<id>
  std::filesystem::path folder;      ///< relative host paths of volumes start here
  std::optional<int64_t> vlan;       ///< model: its frames carry this tag
  std::vector<TrafficFlow> traffic;  ///< model
  bool operator==(const LinuxNode&) const = default;
};

}  // namespace xedgesim::scenario
