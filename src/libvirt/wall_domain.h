#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vm/cgroup.h"
#include "vm/wall_machine.h"

namespace xedgesim::libvirt {

/// A machine on the wall clock as a domain of libvirt. Its console and agent are serial devices, its network
/// cards `stream` back ends of QEMU: all connect to unix sockets we listen at. libvirt itself knows no
/// card of that kind that nobody else can connect to, so it stands in <qemu:commandline>.
struct WallDomain {
  std::string name{};  ///< at libvirt
  std::string uuid{};
  std::string owner{};  ///< what is written down as the program it belongs to
  vm::Machine machine{};
  bool kvm = false;
  std::filesystem::path emulator{};
  std::vector<vm::WallDisk> disks{};  ///< none of them with discard_writes: that takes an overlay
  vm::Limits limits{};
  std::vector<std::filesystem::path> networks{};  ///< sockets, one a card
  std::filesystem::path console{}, agent{};       ///< sockets
  /// user:group QEMU runs as; nothing: libvirt's choice, which in a session is the user.
  std::optional<std::string> user{};
};

/// Throws ConfigError for a text that XML cannot hold.
std::string domain_xml(const WallDomain& domain);

/// The owner that is written in a domain's XML; empty: none of ours.
std::string owner_in(const std::string& xml);

}  // namespace xedgesim::libvirt
