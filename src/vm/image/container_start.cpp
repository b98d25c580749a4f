#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/error.h"
#include "base/shell_words.h"
#include "vm/image/image_importer.h"

namespace xedgesim::vm {
namespace {

constexpr const char* kUsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::optional<uint32_t> number_of(const std::string& text) {
  uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

/// The line of /etc/passwd or /etc/group whose field of that number is `text`.
std::vector<std::string> account(const RootTree& root, const char* file, size_t field,
                                 const std::string& text) {
  const std::string* all = root.text(file);
  std::istringstream lines(all ? *all : "");
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream words(line);
    for (std::string word; std::getline(words, word, ':');) fields.push_back(word);
    if (fields.size() > std::max<size_t>(field, 3) && fields[field] == text) return fields;
    if (fields.size() == 3 && field < 3 && fields[field] == text) return fields;
  }
  return {};
}

struct User {
  uint32_t uid = 0, gid = 0;
  std::string home = "/";
};

/// "user", "uid", "user:group", "uid:gid" …
User user_of(const RootTree& root, const std::string& text, const std::string& what) {
  const size_t colon = text.find(':');
  const std::string user = text.substr(0, colon).empty() ? "0" : text.substr(0, colon);
  const std::string group = colon == std::string::npos ? "" : text.substr(colon + 1);
  User out;
  const auto uid = number_of(user);
  const auto line = account(root, "etc/passwd", uid ? 2 : 0, user);
  if (!uid && line.empty())
    throw ConfigError(
        fmt::format("{}: runs as the user '{}', whom its /etc/passwd does not have", what, user));
  out.uid = uid ? *uid : number_of(line[2]).value_or(0);
  if (line.size() > 3) out.gid = number_of(line[3]).value_or(0);
  if (line.size() > 5 && !line[5].empty()) out.home = line[5];
  if (line.empty() && out.uid == 0) out.home = "/root";
  if (group.empty()) return out;
  if (const auto gid = number_of(group)) {
    out.gid = *gid;
    return out;
  }
  const auto named = account(root, "etc/group", 0, group);
  if (named.empty())
    throw ConfigError(
        fmt::format("{}: runs as the group '{}', which its /etc/group does not have", what, group));
  out.gid = number_of(named[2]).value_or(0);
  return out;
}

/// The program's path in the image: PATH is searched now, so that no program of ours is taken for it.
std::string program_of(const RootTree& root, const std::string& program, const std::string& folder,
                       const std::string& path, const std::string& what) {
  std::vector<std::string> tried;
  if (program.starts_with('/')) {
    tried.push_back(program);
  } else if (program.find('/') != std::string::npos) {
    tried.push_back(folder + "/" + program);
  } else {
    std::istringstream folders(path);
    for (std::string f; std::getline(folders, f, ':');) tried.push_back(f + "/" + program);
  }
  for (const std::string& t : tried)
    if (root.runnable(t)) return t;
  throw ConfigError(fmt::format("{}: its program '{}' is no file in it that can be run (PATH {})", what,
                                program.substr(0, 200), path));
}

// Mounts what a container expects, and starts its program beside the machine's own services.
constexpr const char* kService = R"sh(#!/bin/busybox sh
root=/container
mkdir -p $root/proc $root/sys $root/dev $root/etc
ln "$(readlink -f /bin/busybox)" $root/.xedgesim/busybox
[ -f /etc/xedgesim/environment ] && cp /etc/xedgesim/environment $root/.xedgesim/environment
mount -t proc proc $root/proc
mount -t sysfs sys $root/sys
mount -o rbind /dev $root/dev
hostname >/etc/hostname
for f in hostname hosts resolv.conf; do
  [ -e /etc/$f ] || : >/etc/$f
  [ -h $root/etc/$f ] && rm $root/etc/$f
  [ -e $root/etc/$f ] || : >$root/etc/$f
  mount -o bind /etc/$f $root/etc/$f
done
[ -f $root/.xedgesim/program ] || exit 0
{
  setsid /usr/local/bin/in-container
  echo "xedgesim: the image's program ended with status $?"
} </dev/null >/dev/console 2>&1 &
)sh";

}  // namespace

void add_container_start(FileTree& tree, const ContainerImage& image, const std::vector<std::string>& command,
                         const std::string& what) {
  const ContainerConfig& c = image.config;
  const User user = user_of(image.root, c.user, what);
  std::string path = kUsualPath, assignments, folder = c.working_dir.empty() ? "/" : c.working_dir;
  bool home = false;
  for (const std::string& e : c.env) {
    if (e.starts_with("PATH=")) path = e.substr(5);
    home = home || e.starts_with("HOME=");
    assignments += " " + shell_quoted(e);
  }
  std::vector<std::string> program = command;
  if (program.empty()) {
    program = c.entrypoint;
    program.insert(program.end(), c.cmd.begin(), c.cmd.end());
  }
  tree.add_file("etc/xedgesim-services/90-container", kService, 0755);
  // env takes the last of two, so what the image says comes last.
  tree.add_file(
      "usr/local/bin/in-container",
      fmt::format("#!/bin/busybox sh\n"
                  "# Runs a command, without one the image's program, as the image's config says.\n"
                  "exec chroot /container /.xedgesim/busybox env -i {} {} \"HOSTNAME=$(hostname)\"{} "
                  "/.xedgesim/busybox sh /.xedgesim/start \"$@\"\n",
                  shell_quoted("PATH=" + path), shell_quoted("HOME=" + user.home), assignments),
      0755);
  std::string start = "#!/.xedgesim/busybox sh\n";
  start += "[ -f /.xedgesim/environment ] && . /.xedgesim/environment\n";
  start += fmt::format("cd {} || exit 126\n", shell_quoted(folder));
  start += "[ $# -gt 0 ] || . /.xedgesim/program\n";
  start += user.uid == 0 && user.gid == 0
               ? "exec \"$@\"\n"
               : fmt::format(
                     "program=$1\nshift\nexec /.xedgesim/busybox start-stop-daemon -S -p /.xedgesim/none "
                     "-c {}:{} -x \"$program\" -- \"$@\"\n",
                     user.uid, user.gid);
  tree.add_file("container/.xedgesim/start", start, 0755);
  if (program.empty()) return;
  program[0] = program_of(image.root, program[0], folder, path, what);
  std::string words = "set --";
  for (const std::string& p : program) words += " " + shell_quoted(p);
  tree.add_file("container/.xedgesim/program", words + "\n", 0644);
}

}  // namespace xedgesim::vm
