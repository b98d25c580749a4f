#include <charconv>
#include <cmath>
#include <limits>

#include "scenario/check.h"
#include "scenario/codecs.h"
#include "scenario/yaml_reader.h"

namespace xedgesim::scenario {
namespace {

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> out;
  for (size_t from = 0;;) {
    const size_t end = line.find(separator, from);
    out.push_back(line.substr(from, end - from));
    while (!out.back().empty() && (out.back().back() == ' ' || out.back().back() == '\r'))
      out.back().remove_suffix(1);
    while (!out.back().empty() && out.back().front() == ' ') out.back().remove_prefix(1);
    if (end == std::string_view::npos) return out;
    from = end + 1;
  }
}

bool number(std::string_view text, double& out) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc{} && end == text.data() + text.size() && std::isfinite(out) && std::fabs(out) <= 1e7;
}

/// CSV with a header naming x_m, y_m and perhaps z_m and phase_s among its columns, or without one: x,y[,z].
void read_positions(Placement& p, const std::string& path, const Mark& mark, LoadContext& context) {
  const FilePath& file = p.positions_file;
  std::vector<Position>& out = p.positions;
  const auto text = read_text_file(file.resolved, mark, context.report);
  if (!text) return;
  constexpr size_t kAbsent = std::numeric_limits<size_t>::max();
  size_t columns[4] = {0, 1, 2, kAbsent};
  size_t line_number = 0;
  for (std::string_view line : split(*text, '\n')) {
    ++line_number;
    if (line.empty() || line.front() == '#') continue;
    const auto cells = split(line, ',');
    double ignored = 0;
    if (out.empty() && !number(cells[0], ignored)) {
      constexpr std::string_view kNames[4] = {"x_m", "y_m", "z_m", "phase_s"};
      for (size_t axis = 0; axis < 4; ++axis) {
        columns[axis] = kAbsent;
        for (size_t c = 0; c < cells.size(); ++c)
          if (cells[c] == kNames[axis]) columns[axis] = c;
      }
      continue;
    }
    double xyz[4] = {0, 0, 0, 0};
    for (size_t axis = 0; axis < 4; ++axis) {
      const bool there = columns[axis] < cells.size();
      const bool fits = there ? number(cells[columns[axis]], xyz[axis]) && (axis < 3 || xyz[axis] >= 0)
                              : axis == 2 || columns[axis] == kAbsent;
      if (fits && (there || axis >= 2)) continue;
      context.report.error(
          mark, fmt::format("{}: line {} of '{}' has no number for {}: write x_m,y_m[,z_m][,phase_s]", path,
                            line_number, file.resolved.string(),
                            axis == 0   ? "x_m"
                            : axis == 1 ? "y_m"
                            : axis == 2 ? "z_m"
                                        : "phase_s, which is not negative"));
      return;
    }
    out.push_back({xyz[0], xyz[1], xyz[2]});
    if (columns[3] != kAbsent) p.phases.push_back(Duration::seconds(xyz[3]));
  }
  if (out.empty())
    context.report.error(
        mark, fmt::format("{}: '{}' has no positions: write x_m,y_m[,z_m]", path, file.resolved.string()));
}

bool looks_like_path(const std::string& s) {
  const std::string extension = std::filesystem::path(s).extension().string();
  return s.find('/') != std::string::npos || extension == ".yaml" || extension == ".yml";
}

void complete_device(Device& d, const std::string& path, const Value& root, LoadContext& context) {
  if (d.config.sample_rate_hz && value_at(root, path + ".sensors") == nullptr) d.sensors.emplace_back();
  // A word of the command that is a file beside the scenario means that file, whatever the working directory.
  for (size_t i = 0; i < d.command.size(); ++i) {
    if (d.command[i].find('.') == std::string::npos) continue;
    const FilePath file = resolve_path(d.command[i], place_of(root, at("{}.command[{}]", path, i)), context);
    std::error_code missing;
    if (std::filesystem::is_regular_file(file.resolved, missing)) d.command[i] = file.resolved.string();
  }
  Placement& p = d.placement;
  const std::string positions = path + ".placement.positions";
  if (value_at(root, positions) && value_at(root, path + ".placement.topology") == nullptr)
    p.topology = Placement::Topology::positions;
  std::error_code ec;
  if (!p.positions_file.empty() &&
      (context.options.check_files || std::filesystem::exists(p.positions_file.resolved, ec)))
    read_positions(p, positions, place_of(root, positions), context);
  if (!p.positions_file.empty() && !p.positions.empty() && value_at(root, path + ".count") == nullptr)
    d.count = static_cast<int64_t>(p.positions.size());
  if (looks_like_path(d.platform))
    d.platform_file = resolve_path(d.platform, place_of(root, path + ".platform"), context);
}

}  // namespace

void complete(Scenario& s, const Value& root, LoadContext& context) {
  for (size_t i = 0; i < s.devices.size(); ++i)
    complete_device(s.devices[i], at("devices[{}]", i), root, context);
  for (size_t i = 0; i < s.edge.size(); ++i)
    s.edge[i].folder = context.report.source(place_of(root, at("edge[{}]", i)).file).folder;
  for (size_t i = 0; i < s.nodes.size(); ++i) {
    LinuxNode& n = s.nodes[i];
    n.folder = context.report.source(place_of(root, at("nodes[{}]", i)).file).folder;
    if (n.type == LinuxNode::Type::vm && looks_like_path(n.image))
      n.image_file = resolve_path(n.image, place_of(root, at("nodes[{}].image", i)), context);
  }
  for (Link& l : s.links)
    if (l.id.empty() && l.endpoints.size() == 2) l.id = l.endpoints[0] + "--" + l.endpoints[1];
  if (s.metrics.output_dir.empty() && !s.meta.name.empty())
    s.metrics.output_dir = "results/" + s.meta.name + "/";
}

}  // namespace xedgesim::scenario
