#include "scenario/describe.h"

namespace xedgesim::scenario {
namespace {

const Description<Bandwidth>& describe_bandwidth() {
  static const Description<Bandwidth> kD = [] {
    Description<Bandwidth> d;
    d.doc = "Limits of one direction. Write units (100Mbit): libvirt's own numbers count kibibytes a second.";
    d.add({.key = "average", .doc = "rate in the long run"}, &Bandwidth::average, bit_rate());
    d.add({.key = "peak", .doc = "highest rate"}, &Bandwidth::peak, bit_rate());
    d.add({.key = "burst", .doc = "bytes that may pass at peak rate"}, &Bandwidth::burst, bytes(1));
    return d;
  }();
  return kD;
}

const Description<Qos>& describe_interface_qos() {
  static const Description<Qos> kD = [] {
    Description<Qos> d;
    d.doc = "Limits of a node's network interface.";
    d.add({.key = "inbound", .doc = "towards the node"}, &Qos::inbound, struct_of(describe_bandwidth()));
    d.add({.key = "outbound", .doc = "from the node"}, &Qos::outbound, struct_of(describe_bandwidth()));
    return d;
  }();
  return kD;
}

CodecPtr<int64_t> memory_size() { return bytes_bare(int64_t{1} << 20, int64_t{1} << 20, int64_t{1} << 46); }

const Description<MemoryLimit>& describe_memory_limit() {
  static const Description<MemoryLimit> kD = [] {
    Description<MemoryLimit> d;
    d.doc = "What the host grants beyond the machine's own memory size.";
    d.add({.key = "hard", .doc = "absolute ceiling"}, &MemoryLimit::hard, memory_size());
    d.add({.key = "soft", .doc = "limit when the host is short"}, &MemoryLimit::soft, memory_size());
    return d;
  }();
  return kD;
}

const Description<Disk>& describe_disk() {
  static const Description<Disk> kD = [] {
    Description<Disk> d;
    d.doc = "One more disk.";
    d.add({.key = "file", .doc = "image", .required = true}, &Disk::file, file_path());
    d.add({.key = "read_only", .doc = "refuse writes"}, &Disk::read_only, boolean());
    return d;
  }();
  return kD;
}

const Description<PodLimits>& describe_pod_limits() {
  static const Description<PodLimits> kD = [] {
    Description<PodLimits> d;
    d.doc = "What each container of a pod may use that says nothing itself.";
    d.add({.key = "cpu", .doc = "processor time; 50% is half a core"}, &PodLimits::cpu, cores());
    d.add({.key = "memory", .doc = "memory"}, &PodLimits::memory, memory_size());
    return d;
  }();
  return kD;
}

const Description<K3s>& describe_k3s() {
  static const Description<K3s> kD = [] {
    Description<K3s> d;
    d.doc = "Settings of the k3s roles.";
    d.add({.key = "binary",
           .doc = "your k3s program for the node's processor; absent: the one in the container's image"},
          &K3s::binary, file_path());
    d.add({.key = "token",
           .doc = "shared secret of the cluster; absent: drawn at random, in virtual time from the seed"},
          &K3s::token, text());
    d.add({.key = "token_file", .doc = "file with the secret"}, &K3s::token_file, file_path());
    d.add({.key = "server", .doc = "agents: node id of the server; absent: the only one"}, &K3s::server,
          identifier());
    d.add({.key = "extra_flags", .doc = "command line flags of k3s"}, &K3s::extra_flags, one_or_more(text()));
    d.add({.key = "manifests",
           .doc = "Kubernetes files applied at the start (pods with their resource limits)"},
          &K3s::manifests, one_or_more(file_path()));
    d.add({.key = "pod_limits", .doc = "server: limits of pods that name none (a LimitRange)"},
          &K3s::pod_limits, struct_of(describe_pod_limits()));
    return d;
  }();
  return kD;
}

const Description<TypedText>& describe_exec() {
  static const Description<TypedText> kD = [] {
    Description<TypedText> d;
    d.doc = "A command at an exact time: typed into the shell on a machine's console, or run in a container.";
    d.add({.key = "at", .doc = "when its first byte arrives", .required = true}, &TypedText::at, duration());
    d.add({.key = "command", .doc = "the command, without the Enter key", .required = true}, &TypedText::text,
          text());
    return d;
  }();
  return kD;
}

const Description<Health>& describe_health() {
  static const Description<Health> kD = [] {
    Description<Health> d;
    d.doc = "How a container says that it is well.";
    d.add({.key = "command", .doc = "run in the container; exit code 0 means well", .required = true},
          &Health::command, one_or_more(text()));
    d.add({.key = "interval", .doc = "time between two questions"}, &Health::interval, positive_duration());
    d.add({.key = "timeout", .doc = "time an answer may take"}, &Health::timeout, positive_duration());
    d.add({.key = "start_period", .doc = "failures before that do not count"}, &Health::start_period,
          duration());
    d.add({.key = "retries", .doc = "failures in a row that make it unhealthy"}, &Health::retries,
          integer(1, 1000));
    return d;
  }();
  return kD;
}

CodecPtr<int64_t> prefix_length() { return integer(1, 30, "the length of a prefix"); }

const Description<Interface>& describe_interface() {
  static const Description<Interface> kD = [] {
    Description<Interface> d;
    d.doc = "A network card of a machine that has several.";
    d.add({.key = "name", .doc = "in the machine, and in links; absent: eth0, eth1, … by its place"},
          &Interface::name, identifier());
    d.add({.key = "ip", .doc = "fixed address; absent: derived"}, &Interface::ip, ip_address());
    d.add({.key = "prefix", .doc = "length of its network's prefix; absent: as of a node's"},
          &Interface::prefix, prefix_length());
    d.add({.key = "mac", .doc = "Ethernet address; absent: derived from the node's id and the name"},
          &Interface::mac, mac_address());
    d.add({.key = "qos", .doc = "limits of this card; absent: the node's"}, &Interface::qos,
          struct_of(describe_interface_qos()));
    return d;
  }();
  return kD;
}

const Description<LinuxNode>& describe_node() {
  using N = LinuxNode;
  static const Description<N> kD = [] {
    Description<N> d;
    d.doc = "A Linux machine.";
    d.add({.key = "id", .doc = "name, also in DNS", .required = true}, &N::id, identifier());
    d.consumed({.key = "kind", .doc = "entry of `kinds` whose keys apply where this node has none"},
               identifier());
    d.add({.key = "description", .doc = "for people"}, &N::description, text());
    d.add({.key = "count", .doc = "number of machines; more than 1 makes id_1, id_2, …"}, &N::count,
          integer(1, 10'000, "a number of nodes"));
    d.add(
        {.key = "type",
         .doc = "virtual machine, container or process of the host; model: traffic without a machine; host: "
                "a network device for the host's own tools"},
        &N::type,
        choice<N::Type>({{"vm", N::Type::vm},
                         {"container", N::Type::container},
                         {"process", N::Type::process},
                         {"model", N::Type::model},
                         {"host", N::Type::host}}));
    d.add({.key = "arch", .doc = "processor; emulated where it is not the host's"}, &N::arch,
          choice<N::Arch>({{"x86_64", N::Arch::x86_64}, {"aarch64", N::Arch::aarch64}}));
    d.add({.key = "memory", .doc = "RAM"}, &N::memory, memory_size());
    d.add({.key = "memory_limit", .doc = "limits of the host process"}, &N::memory_limit,
          struct_of(describe_memory_limit()));
    d.add({.key = "vcpus", .doc = "processors"}, &N::vcpus, integer(1, 1024));
    d.add({.key = "cpu_quota", .doc = "processor time it may use; 150% is one and a half cores"},
          &N::cpu_quota, cores());
    d.add({.key = "cpu_shares", .doc = "weight against others; absent: 1024 a vcpu"}, &N::cpu_shares,
          integer(2, 262'144));
    d.add({.key = "limits",
           .doc = "cpu_quota, cpu_shares and memory_limit where the host cannot set them: enforce refuses, "
                  "best-effort goes without"},
          &N::limits,
          choice<N::LimitPolicy>(
              {{"enforce", N::LimitPolicy::enforce}, {"best-effort", N::LimitPolicy::best_effort}}));
    d.add({.key = "cpu_model", .doc = "processor model, such as cortex-a57 or host-passthrough"},
          &N::cpu_model, identifier());
    d.add({.key = "mac", .doc = "Ethernet address; absent: derived from the id"}, &N::mac, mac_address());
    d.add({.key = "ip", .doc = "fixed address; absent: by DHCP"}, &N::ip, ip_address());
    d.add({.key = "prefix",
           .doc = "length of its network's prefix, in a network beside network.lan; absent: network.lan's, "
                  "else 24"},
          &N::prefix, prefix_length());
    d.add({.key = "gateway",
           .doc = "vm, container, process: address of the machine that leads to other networks"},
          &N::gateway, ip_address());
    d.add({.key = "image",
           .doc = "vm: name of an image made by `xedgesim image build`, or file of a disk image; container: "
                  "image name; process: image whose files it sees, absent: the host's"},
          &N::image, text());
    d.add({.key = "firmware",
           .doc = "vm: what starts a disk image on the wall clock; absent: bios on x86_64, uefi on aarch64, "
                  "which has "
                  "nothing else"},
          &N::firmware, choice<N::Firmware>({{"bios", N::Firmware::bios}, {"uefi", N::Firmware::uefi}}));
    d.add({.key = "kernel", .doc = "vm: kernel, instead of a bootable image"}, &N::kernel, file_path());
    d.add({.key = "initrd", .doc = "vm: initial RAM disk"}, &N::initrd, file_path());
    d.add({.key = "kernel_args", .doc = "vm: kernel command line"}, &N::kernel_args, text());
    d.add({.key = "commands",
           .doc = "vm: shell commands, run one after the other when our init has brought the network up"},
          &N::commands, one_or_more(text()));
    d.add(
        {.key = "exec",
         .doc =
             "commands at their times; vm: typed, the shell reads them after `commands`; container, process: "
             "run beside its command, what they print is on the console"},
        &N::exec, list_of(struct_of(describe_exec())));
    d.add({.key = "files", .doc = "vm: files of the host laid over its file system, by their path in it"},
          &N::files, map_of(file_path(), "path"));
    d.add({.key = "boundary",
           .doc = "vm in virtual time: longest stretch it runs without a look for input; the result does not "
                  "depend on it"},
          &N::boundary, positive_duration());
    d.add({.key = "timeout", .doc = "vm: wall time it may take for one answer"}, &N::timeout,
          positive_duration());
    d.add({.key = "disks", .doc = "more disks"}, &N::disks, list_of(struct_of(describe_disk())));
    d.add({.key = "extra_disk_size", .doc = "size of an empty data disk"}, &N::extra_disk_size,
          bytes_bare(int64_t{1} << 30, int64_t{1} << 20, int64_t{1} << 50));
    d.add({.key = "disk_bus",
           .doc = "vm in virtual time: where its disks are; aoe: ATA over Ethernet, each access takes 250 "
                  "us; nvdimm: "
                  "x86_64, in its memory's address space, at memory's speed"},
          &N::disk_bus, choice<N::DiskBus>({{"aoe", N::DiskBus::aoe}, {"nvdimm", N::DiskBus::nvdimm}}));
    d.add({.key = "role", .doc = "part in a k3s cluster"}, &N::role,
          choice<N::Role>({{"none", N::Role::none},
                           {"k3s-server", N::Role::k3s_server},
                           {"k3s-agent", N::Role::k3s_agent}}));
    d.add({.key = "k3s", .doc = "settings of the role"}, &N::k3s, struct_of(describe_k3s()));
    d.add({.key = "qos", .doc = "limits of its network cards, each"}, &N::qos,
          struct_of(describe_interface_qos()));
    d.add({.key = "interfaces",
           .doc = "vm, container, process: network cards of one that has several, instead of `ip`, `prefix` "
                  "and `mac`"},
          &N::interfaces, list_of(struct_of(describe_interface())));
    d.add({.key = "backend", .doc = "vm: who runs the machine; libvirt: on the wall clock"}, &N::backend,
          choice<N::Backend>({{"qemu", N::Backend::qemu}, {"libvirt", N::Backend::libvirt}}));
    d.add({.key = "command", .doc = "process, container: what to run"}, &N::command, one_or_more(text()));
    d.add({.key = "environment", .doc = "variables"}, &N::environment, map_of(text(), "variable"));
    d.add({.key = "volumes", .doc = "process, container: HOST:CONTAINER[:ro]"}, &N::volumes, list_of(text()));
    d.add({.key = "health", .doc = "container, process: health check"}, &N::health, health_codec());
    d.add({.key = "ports",
           .doc = "vm, container, process: ports of the host that lead to it, on the wall clock: "
                  "[IP:]HOST_PORT:PORT[/udp]; without IP on 127.0.0.1"},
          &N::ports, one_or_more(text()));
    d.add({.key = "console",
           .doc =
               "vm, process: what it prints is kept in a file, and with pty also on a pseudo-terminal of the "
               "host, for screen or picocom, which types, too; on the wall clock"},
          &N::console, choice<N::Console>({{"file", N::Console::file}, {"pty", N::Console::pty}}));
    d.add({.key = "interface", .doc = "host: name of the device; absent: xs-ID"}, &N::interface, text());
    d.add({.key = "vlan", .doc = "model: its frames carry this tag"}, &N::vlan, integer(1, 4094, "a VLAN"));
    d.add({.key = "traffic", .doc = "model: what it sends"}, &N::traffic, list_of(traffic_codec()));
    return d;
  }();
  return kD;
}

}  // namespace

CodecPtr<Health> health_codec() { return struct_of(describe_health()); }
CodecPtr<LinuxNode> linux_node_codec() { return struct_of(describe_node()); }

}  // namespace xedgesim::scenario
