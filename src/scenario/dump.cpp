#include <fmt/format.h>

#include "scenario/describe.h"
#include "scenario/fault_types.h"
#include "scenario/load.h"
#include "scenario/metric_names.h"
#include "scenario/search_space.h"

namespace xedgesim::scenario {
namespace {

nlohmann::json titled(nlohmann::json schema, const char* title) {
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  schema["title"] = title;
  return schema;
}

std::string name_table(const char* title, const std::vector<NamedThing>& things) {
  std::string out = fmt::format("### {}\n\n| name | meaning |\n|---|---|\n", title);
  for (const NamedThing& t : things) out += fmt::format("| `{}` | {} |\n", t.name, t.doc);
  return out + '\n';
}

std::string fault_table() {
  std::string out =
      "### Types of faults\n\n| type | what happens | targets | own keys |\n|---|---|---|---|\n";
  for (const FaultType& t : fault_types()) {
    std::string targets, keys;
    for (NodeClass c : t.targets) targets += fmt::format("{}{}", targets.empty() ? "" : ", ", class_name(c));
    for (std::string_view k : t.keys) keys += fmt::format("{}`{}`", keys.empty() ? "" : ", ", k);
    out += fmt::format("| `{}` | {} | {} | {} |\n", t.name, t.doc, targets, keys);
  }
  return out + '\n';
}

}  // namespace

nlohmann::json json_schema() { return titled(scenario_codec()->schema(false), "xedgesim scenario"); }
nlohmann::json batch_json_schema() { return titled(batch_codec()->schema(false), "xedgesim batch"); }

std::string dump_resolved(const Scenario& scenario) { return to_yaml(*scenario_codec()->dump(scenario)); }
nlohmann::json resolved_json(const Scenario& scenario) { return to_json(*scenario_codec()->dump(scenario)); }
nlohmann::json config_json(const DeviceConfig& config) {
  return to_json(*device_config_codec()->dump(config));
}

std::string reference_markdown() {
  Documentation d;
  scenario_codec()->document(d, "");
  batch_codec()->document(d, "");
  search_space_codec()->document(d, "search");
  return d.markdown() + fault_table() + name_table("Metrics of assertions", assertion_metrics()) +
         name_table("Metrics that can be collected", collectable_metrics()) +
         name_table("Native services", native_services()) + name_table("Compute targets", compute_targets());
}

}  // namespace xedgesim::scenario
