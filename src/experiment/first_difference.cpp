#include "experiment/first_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/names.h"
#include "scenario/yaml_reader.h"

namespace xedgesim::experiment {
namespace {

constexpr size_t kShownBefore = 3, kShownBytes = 48;

std::string file_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void flatten(const scenario::Value& v, const std::string& path, std::map<std::string, std::string>& out) {
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  if (v.is_scalar()) out[path] = v.text;
  for (const scenario::Entry& e : v.entries) flatten(*e.value, below(e.key), out);
  for (size_t i = 0; i < v.items.size(); ++i) flatten(*v.items[i], fmt::format("{}[{}]", path, i), out);
}

std::map<std::string, std::string> scenario_values(const std::filesystem::path& run) {
  scenario::Report report;
  const int source = report.add_source({"scenario.resolved.yaml", run});
  const auto root = scenario::read_yaml(file_text(run / "scenario.resolved.yaml"), source, {}, report);
  std::map<std::string, std::string> values;
  if (root) flatten(*root, "", values);
  return values;
}

/// The parts of inputs.json that are not told better by the scenario itself.
std::map<std::string, std::string> input_values(const std::filesystem::path& run) {
  std::map<std::string, std::string> values;
  const auto j = nlohmann::ordered_json::parse(file_text(run / "inputs.json"), nullptr, false);
  if (!j.is_object()) return values;
  for (const char* key : {"version", "program", "platforms"})
    if (j.contains(key) && j[key].is_string()) values[key] = j[key].get<std::string>();
  if (j.contains("files") && j["files"].is_object())
    for (const auto& [file, digest] : j["files"].items())
      if (digest.is_string()) values["file " + file] = digest.get<std::string>();
  return values;
}

void add_differences(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b,
                     std::vector<InputDifference>& out) {
  if (a.empty() || b.empty()) return;
  std::map<std::string, InputDifference, decltype(&natural_less)> all(natural_less);
  for (const auto& [key, value] : a) all[key] = {key, value, ""};
  for (const auto& [key, value] : b) {
    all[key].what = key;
    all[key].b = value;
  }
  for (auto& [key, d] : all)
    if (d.a != d.b) out.push_back(std::move(d));
}

}  // namespace

FirstDifference first_difference(const std::filesystem::path& a, const std::filesystem::path& b) {
  metrics::DeliveryReader left(a), right(b);
  FirstDifference d;
  for (;;) {
    d.a = left.next();
    d.b = right.next();
    if (d.a != d.b || !d.a) return d;
    ++d.equal;
    d.before.push_back(std::move(*d.a));
    if (d.before.size() > kShownBefore) d.before.erase(d.before.begin());
  }
}

std::string to_text(const metrics::Delivery& d) {
  std::string text = fmt::format("{:>6}.{:09} s  {} -> {}  code {}  args {} {} {} {}",
                                 d.time_ns / 1'000'000'000, d.time_ns % 1'000'000'000, d.source, d.target,
                                 d.code, d.args[0], d.args[1], d.args[2], d.args[3]);
  if (!d.has_data) return text;
  text += fmt::format("  {} bytes", d.data.size());
  for (size_t i = 0; i < std::min(d.data.size(), kShownBytes); ++i)
    text += fmt::format(" {:02x}", static_cast<unsigned char>(d.data[i]));
  return d.data.size() > kShownBytes ? text + " …" : text;
}

std::vector<InputDifference> input_differences(const std::filesystem::path& a,
                                               const std::filesystem::path& b) {
  std::vector<InputDifference> all;
  add_differences(scenario_values(a), scenario_values(b), all);
  add_differences(input_values(a), input_values(b), all);
  return all;
}

}  // namespace xedgesim::experiment
