#pragma once
#include <gtest/gtest.h>

#include <optional>

#include "base_image.h"
#include "platforms/firmware_image.h"
#include "program.h"

/// The recorded digests of golden.txt: for the test that compares them and the program that writes them anew.
namespace xedgesim::testing {

struct GoldenLine {
  std::string scenario, overrides, digest;
};

inline std::string golden_file() { return source("tests/system/golden.txt"); }

/// The line of a scenario; nothing for comments and for the keys of firmware.
inline std::optional<GoldenLine> golden_line(const std::string& text) {
  if (text.empty() || text[0] == '#' || text.starts_with("firmware ")) return std::nullopt;
  GoldenLine l;
  std::istringstream(text) >> l.scenario >> l.overrides >> l.digest;
  return l;
}

/// Lines of scenarios with Linux machines: their digest belongs to one QEMU and one image, so two runs are
/// compared.
inline bool of_machines(const GoldenLine& l) { return l.digest == "two-runs"; }

/// Lines of scenarios in real time: what they print is the host's, so they are only checked.
inline bool on_wall_clock(const GoldenLine& l) { return l.digest == "wall-clock"; }

inline std::string firmware_key(const std::string& name) {
  return platforms::FirmwareImage::load(std::string(XEDGESIM_BINARY_DIR) + "/firmware/" + name).content_key();
}

/// NAME is scenarios/NAME/scenario.yaml or scenarios/NAME.yaml.
inline std::string file_of(const std::string& scenario) {
  const std::string folder = source("scenarios/" + scenario + "/scenario.yaml");
  return std::filesystem::exists(folder) ? folder : source("scenarios/" + scenario + ".yaml");
}

inline nlohmann::json run_line(const GoldenLine& l, int threads, const std::string& engine = "auto") {
  if (of_machines(l))
    for (const vm::Arch arch : {vm::Arch::x86_64, vm::Arch::aarch64})
      if (const std::string why = missing_image(arch); !why.empty()) return {{"skipped", why}};
  TemporaryFolder folder;
  std::vector<std::string> arguments{
      "run",      file_of(l.scenario),      "-q", "-j", std::to_string(threads), "--engine", engine,
      "--output", (folder / "run").string()};
  std::istringstream overrides(l.overrides == "-" ? "" : l.overrides);
  for (std::string o; std::getline(overrides, o, ',');) {
    arguments.push_back("--set");
    arguments.push_back(o);
  }
  const ProgramResult r = run_program(arguments);
  if (of_machines(l) && r.exit_code == 3) return {{"skipped", r.err}};  // no QEMU, or no image
  // A shortened run may miss the full run's assertions; its digest counts.
  EXPECT_EQ(r.exit_code, l.overrides.find("duration") == std::string::npos ? 0 : r.exit_code)
      << r.out << r.err;
  return nlohmann::json::parse(read_file(folder / "run/summary.json"));
}

}  // namespace xedgesim::testing
