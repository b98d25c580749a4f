#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace xedgesim::vm {

/// What a machine of a scenario is told beside its image: files that are laid over the image's at boot. Our
/// init (images/base/root/init) reads those in /etc/xedgesim.
struct GuestSettings {
  std::string hostname;
  std::vector<std::string> addresses;  ///< of eth0, eth1, …, with prefix: 192.168.100.10/24
  std::string gateway{};               ///< the way to other networks; empty: none
  bool dhcp = false;                   ///< it asks for its addresses instead
  std::vector<std::string> hosts;      ///< lines of /etc/hosts
  std::vector<std::string> commands;   ///< run one after the other once the machine is up
  size_t disks = 0;                    ///< in virtual time: ATA over Ethernet, slots 0 to disks - 1
  bool nvdimm = false;                 ///< they are NVDIMMs instead: /dev/pmem0 and on
  bool root_disk = false;              ///< the first one is the root file system
  std::map<std::string, std::string> environment{};    ///< of an imported image's program
  std::map<std::string, std::filesystem::path> files;  ///< path in the machine -> file of the host
  struct Text {
    std::string text;
    unsigned mode = 0644;
  };
  std::map<std::string, Text> texts{};  ///< path in the machine -> a file of ours
  /// A cpio archive. Throws ConfigError for a file that cannot be read.
  std::string archive() const;
};

}  // namespace xedgesim::vm
