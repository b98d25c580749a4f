#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scenario/expand.h"
#include "scenario/load.h"

using namespace xedgesim::scenario;

/// Any bytes: loading ends with a verdict, and what loads dumps to something that loads to the same.
/// A NUL byte divides the file from one override.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t nul = all.find('\0');
  LoadOptions options;
  options.check_files = false;
  if (nul != std::string_view::npos) options.overrides.emplace_back(all.substr(nul + 1));
  const LoadResult r = load_scenario_text(all.substr(0, nul), "fuzz.yaml", "/nowhere", options);
  (void)load_batch_text(all.substr(0, nul), "fuzz.yaml", "/nowhere", options);
  if (!r.ok()) return 0;
  expand_devices(r.scenario);
  options.overrides.clear();
  const LoadResult again = load_scenario_text(dump_resolved(r.scenario), "fuzz.yaml", "/nowhere", options);
  if (!again.ok() || !(again.scenario == r.scenario)) abort();
  return 0;
}
