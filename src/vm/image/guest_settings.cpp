#include "vm/image/guest_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>

#include "base/error.h"
#include "base/shell_words.h"
#include "vm/image/cpio.h"

namespace xedgesim::vm {
namespace {

std::string lines_of(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& l : lines) out += l + "\n";
  return out;
}

}  // namespace

std::string GuestSettings::archive() const {
  FileTree tree;
  tree.add_file("etc/xedgesim/hostname", hostname + "\n");
  if (!addresses.empty()) tree.add_file("etc/xedgesim/address", addresses.front() + "\n");
  std::vector<std::string> more;
  for (size_t i = 1; i < addresses.size(); ++i) more.push_back(fmt::format("eth{} {}", i, addresses[i]));
  if (!more.empty()) tree.add_file("etc/xedgesim/cards", lines_of(more));
  if (!gateway.empty()) tree.add_file("etc/xedgesim/gateway", gateway + "\n");
  if (dhcp) tree.add_file("etc/xedgesim/dhcp", "");
  tree.add_file("etc/xedgesim/hosts", lines_of(hosts));
  if (!commands.empty()) tree.add_file("etc/xedgesim/commands", lines_of(commands));
  if (disks > 0) tree.add_file("etc/xedgesim/disks", fmt::format("{}\n", disks));
  if (nvdimm) tree.add_file("etc/xedgesim/nvdimm", "");
  if (root_disk) tree.add_file("etc/xedgesim/root-disk", "");
  if (!environment.empty()) {
    std::string text;
    for (const auto& [name, value] : environment) {
      const bool good =
          std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
      if (!good || name.empty() || std::isdigit(static_cast<unsigned char>(name[0])))
        throw ConfigError(fmt::format(
            "machine '{}': '{}' is no name for a variable: letters, digits and '_' only", hostname, name));
      text += "export " + name + "=" + shell_quoted(value) + "\n";
    }
    tree.add_file("etc/xedgesim/environment", text);
  }
  for (const auto& [to, file] : texts)
    tree.add_file(to.substr(to.find_first_not_of('/')), file.text, file.mode);
  for (const auto& [to, from] : files) {
    std::ifstream in(from, std::ios::binary);
    if (!in || std::filesystem::is_directory(from))
      throw ConfigError(fmt::format("machine '{}': cannot read the file {}", hostname, from.string()));
    const bool runs = (std::filesystem::status(from).permissions() & std::filesystem::perms::owner_exec) !=
                      std::filesystem::perms::none;
    tree.add_file(to.substr(to.find_first_not_of('/')), {std::istreambuf_iterator<char>(in), {}},
                  runs ? 0755 : 0644);
  }
  return tree.archive();
}

}  // namespace xedgesim::vm
