#include "scenario/describe.h"
#include "scenario/load.h"

namespace xedgesim::scenario {
namespace {

nlohmann::json titled(nlohmann::json schema, const char* title) {
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  schema["title"] = title;
  return schema;
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
  return d.markdown();
}

}  // namespace xedgesim::scenario
