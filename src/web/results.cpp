#include "web/results.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "http/target.h"
#include "web/refusal.h"

namespace xedgesim::web {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void nothing_there(std::string_view id) {
  throw Refusal(404, fmt::format("there is nothing at '{}' in the folder of results", id));
}

}  // namespace

Results::Results(const fs::path& folder) {
  std::error_code ec;
  root_ = fs::canonical(folder, ec);
  if (ec || !fs::is_directory(root_, ec))
    throw ConfigError(fmt::format(
        "'{}' is no folder: name the folder of the results, which `xedgesim run` makes", folder.string()));
}

bool Results::inside(const fs::path& real) const {
  const auto [root_end, rest] = std::mismatch(root_.begin(), root_.end(), real.begin(), real.end());
  return root_end == root_.end();
}

fs::path Results::folder(std::string_view id) const {
  if (!http::valid_id(id)) throw Refusal(400, "that is no name of something in the folder of results");
  std::error_code ec;
  const fs::path real = fs::canonical(root_ / id, ec);
  if (ec || !inside(real) || !fs::is_directory(real, ec)) nothing_there(id);
  return real;
}

fs::path Results::run_folder(std::string_view id) const {
  const fs::path run = folder(id);
  std::error_code ec;
  for (const fs::directory_entry& entry : fs::directory_iterator(run, ec)) {
    if (!entry.is_symlink(ec)) continue;
    const fs::path real = fs::canonical(entry.path(), ec);
    if (ec || !inside(real))
      throw Refusal(
          403,
          fmt::format("'{}' holds a link, '{}', that leads out of the folder of results: it is not shown", id,
                      entry.path().filename().string()));
  }
  return run;
}

http::OpenFile Results::open(std::string_view id) const {
  if (!http::valid_id(id)) throw Refusal(400, "that is no name of something in the folder of results");
  // Opened first and asked afterwards which file it is: a link that changes in between gains nothing.
  http::OpenFile file{
      .descriptor = Descriptor(::open((root_ / id).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY))};
  struct stat about {};
  if (file.descriptor.get() < 0 || fstat(file.descriptor.get(), &about) != 0 || !S_ISREG(about.st_mode))
    nothing_there(id);
  std::error_code ec;
  const fs::path real = fs::read_symlink(fmt::format("/proc/self/fd/{}", file.descriptor.get()), ec);
  if (ec || !inside(real)) nothing_there(id);
  file.size = static_cast<uint64_t>(about.st_size);
  return file;
}

Results::Window Results::window(std::string_view id, uint64_t most, uint64_t end) const {
  const http::OpenFile file = open(id);
  Window w{.text = {}, .size = file.size};
  w.end = std::min(end, file.size);
  w.begin = w.end > most ? w.end - most : 0;
  w.text.resize(w.end - w.begin);
  size_t got = 0;
  while (got < w.text.size()) {
    const ssize_t n = pread(file.descriptor.get(), w.text.data() + got, w.text.size() - got,
                            static_cast<off_t>(w.begin + got));
    if (n <= 0) break;
    got += static_cast<size_t>(n);
  }
  w.text.resize(got);
  w.end = w.begin + got;
  if (w.begin > 0)
    if (const size_t line = w.text.find('\n'); line != std::string::npos && line + 1 < w.text.size()) {
      w.text.erase(0, line + 1);
      w.begin += line + 1;
    }
  return w;
}

}  // namespace xedgesim::web
