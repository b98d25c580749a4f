#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "experiment/first_difference.h"
#include "report/run_comparison.h"

namespace xedgesim::cli {
namespace {

struct CompareFlags {
  std::vector<std::string> directories;
  std::string format = "table";
  bool all = false, exact = false;
};

std::string digest_of(const report::RunResults& run) { return run.summary.value("digest", ""); }

/// The run whose inputs stand for a column: the first one.
const report::RunResults* sample_run(const report::ComparedColumn& c) {
  return c.results.runs.empty() ? nullptr : c.results.runs.front();
}

nlohmann::ordered_json delivery_json(const std::optional<metrics::Delivery>& d) {
  if (!d) return nullptr;
  return {{"time_ns", d->time_ns}, {"source", d->source}, {"target", d->target},
          {"code", d->code},       {"args", d->args},     {"text", experiment::to_text(*d)}};
}

ExitCode compare_exactly(const CompareFlags& flags, const report::RunResults& a,
                         const report::RunResults& b) {
  const bool json = flags.format == "json";
  const std::filesystem::path left = a.directory / "deliveries.bin", right = b.directory / "deliveries.bin";
  const std::string digest_a = digest_of(a), digest_b = digest_of(b);
  const bool same_digest = !digest_a.empty() && digest_a == digest_b;
  std::error_code ec;
  const bool traces = std::filesystem::exists(left, ec) && std::filesystem::exists(right, ec);
  experiment::FirstDifference d;
  if (traces) d = experiment::first_difference(left, right);
  const bool equal = same_digest && d.equal_throughout();
  if (json) {
    nlohmann::ordered_json j{{"equal", equal}, {"digests", {digest_a, digest_b}}, {"traces", traces}};
    if (traces) {
      j["equal_deliveries"] = d.equal;
      j["first_difference"] = {{"a", delivery_json(d.a)}, {"b", delivery_json(d.b)}};
    }
    std::printf("%s\n", j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    return equal ? ExitCode::ok : ExitCode::assertion_failed;
  }
  std::printf("A: %s  digest %s\nB: %s  digest %s\n", a.directory.c_str(), digest_a.c_str(),
              b.directory.c_str(), digest_b.c_str());
  if (equal) {
    std::printf("The runs are equal%s\n", traces
                                              ? fmt::format(": {} deliveries, all the same", d.equal).c_str()
                                              : " by their digests.");
    return ExitCode::ok;
  }
  if (!traces) {
    std::printf(
        "The digests differ. For the first event that does, run both again with\n"
        "  --set metrics.deliveries=true\n");
  } else if (d.equal_throughout()) {
    std::printf(
        "All %llu deliveries are the same, but the digests differ: the names of the nodes do, or one of the "
        "traces belongs to another run.\n",
        static_cast<unsigned long long>(d.equal));
  } else {
    std::printf("The first %llu deliveries are the same; the last of them and the first that differs:\n",
                static_cast<unsigned long long>(d.equal));
    for (const metrics::Delivery& e : d.before) std::printf("     %s\n", experiment::to_text(e).c_str());
    std::printf("  A: %s\n", d.a ? experiment::to_text(*d.a).c_str() : "(the trace ends here)");
    std::printf("  B: %s\n", d.b ? experiment::to_text(*d.b).c_str() : "(the trace ends here)");
  }
  return ExitCode::assertion_failed;
}

/// Two scenarios that have little in common would fill the screen.
constexpr size_t kMostInputs = 40;

void print_inputs(report::TextTable inputs, bool all) {
  const size_t rows = inputs.rows.size();
  const bool cut = !all && rows > kMostInputs;
  if (cut) inputs.rows.resize(kMostInputs);
  std::fputs(report::render_table(inputs).c_str(), stdout);
  if (cut) std::printf("… and %zu more inputs that differ: --all prints them\n", rows - kMostInputs);
}

ExitCode compare_command(const CompareFlags& flags) {
  std::vector<report::RunSet> sets;
  for (const std::string& d : flags.directories) sets.push_back(report::load_run_set(d));
  for (const report::RunSet& set : sets)
    for (const report::RunResults& run : set.runs)
      if (run.counts() && !run.complete())
        std::fprintf(stderr, "warning: %s: the run ended early (%s), its figures are those until then\n",
                     run.directory.c_str(), run.reason.c_str());
  if (flags.exact) {
    if (sets.size() != 2 || sets[0].runs.size() != 1 || sets[1].runs.size() != 1)
      throw ConfigError("--exact compares two runs: name the folders of two single runs");
    return compare_exactly(flags, sets[0].runs[0], sets[1].runs[0]);
  }
  const auto columns = report::compared_columns(sets);
  if (columns.size() < 2)
    throw ConfigError("there is one run only: name two or more folders of results, or a batch with variants");
  nlohmann::ordered_json j = report::comparison_json(columns);
  j["inputs"] = nlohmann::ordered_json::array();
  report::TextTable inputs{.header = {"input", columns.front().name, "other", "of"}};
  const report::RunResults* first = sample_run(columns.front());
  for (size_t i = 1; i < columns.size() && first; ++i) {
    const report::RunResults* other = sample_run(columns[i]);
    if (!other) continue;
    for (const auto& d : experiment::input_differences(first->directory, other->directory)) {
      inputs.rows.push_back({d.what, d.a, d.b, columns[i].name});
      j["inputs"].push_back({{"what", d.what}, {"first", d.a}, {"other", d.b}, {"of", columns[i].name}});
    }
  }
  if (flags.format == "json") {
    std::printf("%s\n", j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    return ExitCode::ok;
  }
  const report::TextTable figures = report::comparison_table(columns, flags.all);
  if (figures.rows.empty())
    std::printf("All figures are the same.\n");
  else
    std::fputs(report::render_table(figures).c_str(), stdout);
  if (inputs.rows.empty())
    std::printf("No difference in the inputs is known.\n");
  else
    print_inputs(std::move(inputs), flags.all);
  return ExitCode::ok;
}

}  // namespace

void add_compare(CLI::App& app, Body& body) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* c = app.add_subcommand("compare", "Figures and inputs of several runs side by side");
  c->add_option("results", flags->directories,
                "Folders of runs, of scenarios' runs (the latest) or of batches")
      ->required();
  c->add_flag("--exact", flags->exact,
              "Find the first event that differs between two runs (exit code 2 when one does)");
  c->add_flag("--all", flags->all, "Print also figures that are the same, and every input that differs");
  add_format(*c, flags->format);
  c->footer(
      "Example:  xedgesim compare results/device-inference results/edge-inference results/cloud-inference");
  c->callback([&body, flags] { body = [flags] { return compare_command(*flags); }; });
}

}  // namespace xedgesim::cli
