#include "scenario/load.h"

#include <fmt/format.h>

#include "scenario/assemble.h"
#include "scenario/check.h"
#include "scenario/check_batch.h"
#include "scenario/describe.h"
#include "scenario/search_space.h"
#include "scenario/yaml_reader.h"

extern char** environ;

namespace xedgesim::scenario {
namespace {

/// What a command takes, told apart by the keys only such a file has.
struct FileKind {
  std::string_view begins;   ///< for a file that is empty
  std::string_view instead;  ///< for one that another command takes
  std::vector<std::string_view> keys;
};
const FileKind kScenarioFile{"a scenario begins with 'scenario:' and its 'name:'",
                             "this is a scenario: give it to `xedgesim run` or `xedgesim validate`",
                             {"scenario"}};
const FileKind kBatchFile{"a batch begins with 'batch:' and its 'name:'",
                          "this is a batch: give it to `xedgesim batch` (--dry-run only checks it)",
                          {"batch", "scenarios"}};
const FileKind kSearchFile{"a search space begins with 'search:'",
                           "this is a search space: give it to `xedgesim place` with --space",
                           {"search"}};

const Entry* own_key(const Value& root, const FileKind& kind) {
  for (const std::string_view key : kind.keys)
    if (const Entry* e = root.find(key)) return e;
  return nullptr;
}

/// The main file's tree, or null after a complaint.
ValuePtr read_main(std::string_view text, LoadContext& context, const FileKind& kind) {
  ValuePtr root = read_yaml(text, 0, context.options.environment, context.report);
  if (!root) return nullptr;
  if (root->is_null()) {
    context.report.error({0, 1, 1}, fmt::format("the file is empty: {}", kind.begins));
    return nullptr;
  }
  if (!root->is_map()) {
    context.report.error(root->mark, fmt::format("the file is {}, not a map of sections: {}",
                                                 root->is_list() ? "a list" : "a single value", kind.begins));
    return nullptr;
  }
  if (own_key(*root, kind)) return root;
  // One sentence instead of one about each of its keys.
  for (const FileKind* other : {&kScenarioFile, &kBatchFile, &kSearchFile})
    if (const Entry* e = own_key(*root, *other)) {
      context.report.error(e->mark, std::string(other->instead));
      return nullptr;
    }
  return root;
}

/// Whether every id and count was read well, so that names can be looked up.
bool ids_known(const Scenario& s, const Value& root, const LoadContext& context) {
  const auto good = [&](const std::string& path) {
    const Value* id = value_at(root, path + ".id");
    const Value* count = value_at(root, path + ".count");
    return id && !context.report.has_error_at(id->mark) &&
           !(count && context.report.has_error_at(count->mark));
  };
  const auto all_good = [&](const char* section, size_t n) {
    bool ok = true;
    for (size_t i = 0; i < n; ++i) ok = ok && good(fmt::format("{}[{}]", section, i));
    return ok;
  };
  return all_good("devices", s.devices.size()) && all_good("edge", s.edge.size()) &&
         all_good("cloud", s.cloud.size()) && all_good("nodes", s.nodes.size()) &&
         all_good("switches", s.switches.size()) &&
         all_good("network.interferers", s.network.interferers.size()) &&
         all_good("network.gateways", s.network.gateways.size());
}

void check_all(const Scenario& s, const Value& root, LoadContext& context) {
  Check check(s, root, context);
  check_devices(check);
  check_settings(check);
  check_services(check);
  check_linux_nodes(check);
  check_switches(check);
  if (!check.given("scenario.duration") && check.given("scenario.name"))
    check.warning("scenario", "there is no duration: {} are simulated", format_duration(s.meta.duration));
  std::optional<NameTable> names;
  if (check_counts(check) && ids_known(s, root, context)) {
    check_ids(check);
    check_links(check);
    names.emplace(s);
  }
  const NameTable* known = names ? &*names : nullptr;
  check_network(check, known);
  check_faults(check, known);
  check_validation(check, known);
  check_metrics(check, known);
}

LoadResult load_from(std::string_view text, Report& report, const LoadOptions& options) {
  LoadContext context{report, options};
  LoadResult result;
  ValuePtr root = read_main(text, context, kScenarioFile);
  if (root) {
    root = with_includes(root, context);
    for (const auto& file : options.timelines) root = with_timeline(root, file, context);
    for (const std::string& o : options.overrides) root = with_override(root, o, context);
    root = with_devices_sorted_out(root, context);
    root = with_inherited(root, context);
    scenario_codec()->load(*root, result.scenario, Path(), context);
    complete(result.scenario, *root, context);
    check_all(result.scenario, *root, context);
    result.scenario.places = Places(root, report.source_names());
  }
  result.files = report.files();
  result.errors = report.errors();
  result.warnings = report.warnings();
  std::vector<std::string> names;
  for (const Source& source : report.sources()) names.push_back(source.name);
  result.diagnostic_at = [root, names = std::move(names)](const std::string& path, std::string message) {
    const Mark mark = root ? place_of(*root, path) : Mark{0, 0, 0};
    return Diagnostic{names.at(static_cast<size_t>(mark.file)), mark.line, mark.column, std::move(message)};
  };
  return result;
}

BatchResult load_batch_from(std::string_view text, Report& report, const LoadOptions& options) {
  LoadContext context{report, options};
  BatchResult result;
  ValuePtr root = read_main(text, context, kBatchFile);
  if (root) {
    for (const std::string& o : options.overrides) root = with_override(root, o, context);
    batch_codec()->load(*root, result.batch, Path(), context);
    check_batch(result.batch, *root, context);
  }
  result.errors = report.errors();
  result.warnings = report.warnings();
  return result;
}

SearchSpaceResult load_search_from(std::string_view text, Report& report, const LoadOptions& options) {
  LoadContext context{report, options};
  SearchSpaceResult result;
  if (const ValuePtr root = read_main(text, context, kSearchFile))
    load_search_file(*root, result.space, context);
  result.errors = report.errors();
  result.warnings = report.warnings();
  return result;
}

template <class Result>
Result load_file(const std::filesystem::path& file, const LoadOptions& options,
                 Result (*load)(std::string_view, Report&, const LoadOptions&)) {
  Report report;
  report.add_source({file.string(), file.parent_path()});
  if (const auto text = read_text_file(file, {0, 0, 0}, report)) return load(*text, report, options);
  Result result;
  result.errors = report.errors();
  return result;
}

}  // namespace

LoadResult load_scenario(const std::filesystem::path& file, const LoadOptions& options) {
  return load_file<LoadResult>(file, options, load_from);
}

LoadResult load_scenario_text(std::string_view text, const std::string& name,
                              const std::filesystem::path& folder, const LoadOptions& options) {
  Report report;
  report.add_source({name, folder});
  return load_from(text, report, options);
}

BatchResult load_batch(const std::filesystem::path& file, const LoadOptions& options) {
  return load_file<BatchResult>(file, options, load_batch_from);
}

BatchResult load_batch_text(std::string_view text, const std::string& name,
                            const std::filesystem::path& folder, const LoadOptions& options) {
  Report report;
  report.add_source({name, folder});
  return load_batch_from(text, report, options);
}

FaultResult load_fault(const std::map<std::string, std::string>& texts,
                       const std::map<std::string, std::string>& values, const Scenario& scenario) {
  Report report;
  report.add_source({"the change", {}});
  const LoadOptions options;
  LoadContext context{report, options};
  FaultResult result;
  std::vector<Entry> keys;
  for (const auto& [key, text] : texts) keys.push_back({key, {0, 1, 1}, make_text(text)});
  for (const auto& [key, text] : values) {
    const ValuePtr value = read_yaml(text, 0, {}, report);
    if (value && !report.has_errors()) keys.push_back({key, {0, 1, 1}, value});
  }
  const ValuePtr entry = make_map(std::move(keys));
  const ValuePtr root = make_map({{"faults", {0, 1, 1}, make_list({entry})}});
  if (!report.has_errors()) fault_codec()->load(*entry, result.fault, Path("fault"), context);
  if (!report.has_errors()) {
    Scenario with_it = scenario;
    with_it.faults = {result.fault};
    const NameTable names(with_it);
    Check check(with_it, *root, context);
    check_faults(check, &names);
  }
  result.entry = to_json(*entry).dump();
  result.errors = report.errors();
  return result;
}

SearchSpaceResult load_search_space(const std::filesystem::path& file, const LoadOptions& options) {
  return load_file<SearchSpaceResult>(file, options, load_search_from);
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> out;
  for (char** e = environ; e && *e; ++e) {
    const std::string_view variable = *e;
    const size_t equals = variable.find('=');
    if (equals != std::string_view::npos)
      out.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return out;
}

}  // namespace xedgesim::scenario
