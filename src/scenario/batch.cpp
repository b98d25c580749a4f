#include "scenario/batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "scenario/assemble.h"
#include "scenario/check_batch.h"
#include "scenario/describe.h"

namespace xedgesim::scenario {
namespace {

constexpr size_t kMostRuns = 1'000'000;

/// "10 Renode + 990 models": a seed's way to write device counts.
class DeviceMixCodec : public Codec<DeviceMix> {
 public:
  bool load(const Value& value, DeviceMix& out, const Path& path, LoadContext& context) const override {
    const std::string* s = scalar_text(value, path, type(), context);
    if (s == nullptr) return false;
    if (parse(*s, out)) return true;
    context.report.error(
        value.mark,
        fmt::format("{}: '{}' is no mix of devices: write it as '10 Renode + 990 models'", path.text(), *s));
    return false;
  }
  nlohmann::json schema(bool) const override {
    return {{"type", "string"}, {"pattern", "^[0-9]+ [A-Za-z]+( \\+ [0-9]+ [A-Za-z]+)*$"}};
  }
  ValuePtr dump(const DeviceMix& m) const override {
    return make_text(fmt::format("{} Renode + {} models", m.emulated, m.models));
  }
  std::string type() const override { return "a mix such as '10 Renode + 990 models'"; }

 private:
  static bool parse(std::string_view s, DeviceMix& out) {
    out = {};
    for (size_t from = 0; from <= s.size();) {
      const size_t plus = std::min(s.find('+', from), s.size());
      std::string_view part = s.substr(from, plus - from);
      while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
      while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
      int64_t n = 0;
      const auto [end, ec] = std::from_chars(part.data(), part.data() + part.size(), n);
      std::string_view word(end, static_cast<size_t>(part.data() + part.size() - end));
      if (ec != std::errc{} || n < 0 || n > 100'000 || word.size() < 2 || word[0] != ' ') return false;
      word.remove_prefix(1);
      if (word == "Renode" || word == "renode" || word == "mcu") {
        out.emulated += n;
      } else if (word == "models" || word == "model") {
        out.models += n;
      } else {
        return false;
      }
      from = plus + 1;
    }
    return true;
  }
};

const Description<BatchEntry>& describe_entry() {
  static const Description<BatchEntry> kD = [] {
    Description<BatchEntry> d;
    d.doc = "One scenario of a batch.";
    d.add({.key = "name", .doc = "name of its runs; absent: from the path"}, &BatchEntry::name, identifier());
    d.add({.key = "scenario", .doc = "scenario file"}, &BatchEntry::path, file_path());
    d.add({.key = "devices", .doc = "numbers of emulated devices and models, as in '10 Renode + 990 models'"},
          &BatchEntry::devices, std::make_shared<DeviceMixCodec>());
    d.add({.key = "set", .doc = "overrides: path=value"}, &BatchEntry::overrides, one_or_more(text()));
    return d;
  }();
  return kD;
}

/// A path alone, or a map.
class EntryCodec : public Codec<BatchEntry> {
 public:
  bool load(const Value& value, BatchEntry& out, const Path& path, LoadContext& context) const override {
    if (value.is_scalar()) return path_->load(value, out.path, path, context);
    return full_->load(value, out, path, context);
  }
  nlohmann::json schema(bool partial) const override {
    return {{"anyOf", nlohmann::json::array({nlohmann::json{{"type", "string"}}, full_->schema(partial)})}};
  }
  ValuePtr dump(const BatchEntry& e) const override { return full_->dump(e); }
  std::string type() const override { return "file or map"; }
  void document(Documentation& d, const std::string& path) const override { full_->document(d, path); }

 private:
  CodecPtr<FilePath> path_ = file_path();
  CodecPtr<BatchEntry> full_ = struct_of(describe_entry());
};

const Description<Slurm>& describe_slurm() {
  static const Description<Slurm> kD = [] {
    Description<Slurm> d;
    d.doc = "Resources asked of Slurm for each run.";
    d.add({.key = "partition", .doc = "partition"}, &Slurm::partition, identifier());
    d.add({.key = "account", .doc = "account"}, &Slurm::account, identifier());
    d.add({.key = "time_limit", .doc = "wall time"}, &Slurm::time_limit, positive_duration());
    d.add({.key = "cpus", .doc = "processors"}, &Slurm::cpus, integer(1, 1024));
    d.add({.key = "memory", .doc = "RAM"}, &Slurm::memory,
          bytes_bare(int64_t{1} << 20, int64_t{1} << 20, int64_t{1} << 46));
    return d;
  }();
  return kD;
}

const Description<Batch>& describe_batch() {
  using B = Batch;
  static const Description<B> kD = [] {
    Description<B> d;
    d.doc = "Many runs: every scenario × every combination of the matrix × every seed.";
    d.add({.key = "name", .doc = "name of the batch", .required = true}, &B::name, identifier());
    d.add({.key = "scenarios",
           .doc = "scenario files, or maps with scenario, name and set",
           .required = true,
           .synonym = "scenario"},
          &B::scenarios, one_or_more<BatchEntry>(std::make_shared<EntryCodec>()));
    d.add({.key = "matrix", .doc = "override path to the values it takes"}, &B::matrix,
          map_of(list_of(text()), "path"));
    d.add({.key = "seeds", .doc = "values of scenario.seed"}, &B::seeds, one_or_more(unsigned_integer()));
    d.add({.key = "parallel", .doc = "runs at the same time; absent: one a processor"}, &B::parallel,
          integer(1, 10'000));
    d.add({.key = "executor", .doc = "who runs them"}, &B::executor,
          choice<B::Executor>({{"local", B::Executor::local}, {"slurm", B::Executor::slurm}}));
    d.add({.key = "slurm", .doc = "resources of a Slurm job"}, &B::slurm, struct_of(describe_slurm()));
    d.add({.key = "output_dir", .doc = "folder of the results; absent: results/NAME/"}, &B::output_dir,
          text());
    return d;
  }();
  return kD;
}

/// `batch:` above the keys, or (seed 8.6) `scenarios:` alone.
class BatchFileCodec : public Codec<Batch> {
 public:
  bool load(const Value& value, Batch& out, const Path& path, LoadContext& context) const override {
    const Entry* inner = value.find("batch");
    bool ok = true;
    for (const Entry& e : value.entries) {
      if (e.key == "batch" || e.key.rfind("x-", 0) == 0 || (inner == nullptr && e.key == "scenarios"))
        continue;
      context.report.error(e.mark,
                           unknown_key(e.key, path, {"batch", "scenarios"}, {{"batch", full_->keys()}}));
      ok = false;
    }
    if (inner) return full_->load(*inner->value, out, Path(path, inner->key), context) && ok;
    LoadContext partial{context.report, context.options, true};
    if (value.find("scenarios")) {
      out.name = "batch";
      const Entry* list = value.find("scenarios");
      Value only;
      only.kind = Value::Kind::map;
      only.mark = list->mark;
      only.entries.push_back(*list);
      return full_->load(only, out, path, partial) && ok;
    }
    context.report.error(value.mark, "a batch needs the key 'batch' with 'name' and 'scenarios'");
    return false;
  }
  nlohmann::json schema(bool partial) const override {
    const nlohmann::json inner = full_->schema(partial);
    return {{"type", "object"},
            {"properties", {{"batch", inner}, {"scenarios", inner["properties"]["scenarios"]}}},
            {"patternProperties", {{"^x-", nlohmann::json::object()}}},
            {"additionalProperties", false},
            {"anyOf", nlohmann::json::array({nlohmann::json{{"required", {"batch"}}},
                                             nlohmann::json{{"required", {"scenarios"}}}})}};
  }
  ValuePtr dump(const Batch& b) const override { return make_map({{"batch", {}, full_->dump(b)}}); }
  std::string type() const override { return "map"; }
  void document(Documentation& d, const std::string& path) const override {
    full_->document(d, path.empty() ? "batch" : path);
  }

 private:
  CodecPtr<Batch> full_ = struct_of(describe_batch());
};

std::string entry_name(const BatchEntry& e) {
  if (!e.name.empty()) return e.name;
  const std::filesystem::path p(e.path.written);
  const std::string stem = p.stem().string();
  // scenarios/NAME/config.yaml is called NAME.
  const bool plain = stem == "config" || stem == "scenario";
  return plain && p.has_parent_path() ? p.parent_path().filename().string() : stem;
}

std::string file_safe(std::string text) {
  for (char& c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
          c == '.' || c == '_'))
      c = '_';
  return text.substr(0, 100);
}

size_t run_count(const Batch& b) {
  double n = static_cast<double>(b.scenarios.size());
  for (const auto& [path, values] : b.matrix) n *= static_cast<double>(std::max<size_t>(1, values.size()));
  n *= static_cast<double>(std::max<size_t>(1, b.seeds.size()));
  return n > 1e15 ? static_cast<size_t>(1e15) : static_cast<size_t>(n);
}

}  // namespace

CodecPtr<Batch> batch_codec() { return std::make_shared<BatchFileCodec>(); }

void check_batch(const Batch& b, const Value& root, LoadContext& context) {
  const std::string top = root.find("batch") ? "batch." : "";
  const auto error = [&](const std::string& path, const std::string& sentence) {
    context.report.error(place_of(root, top + path), top + path + ": " + sentence);
  };
  if (b.scenarios.empty() && value_at(root, top + "scenarios"))
    error("scenarios", "there is no scenario: list one");
  for (size_t i = 0; i < b.scenarios.size(); ++i) {
    const BatchEntry& e = b.scenarios[i];
    const std::string path = fmt::format("scenarios[{}]", i);
    if (e.path.empty() && !e.devices) error(path, "an entry needs the key 'scenario': name a file");
    for (const std::string& o : e.overrides)
      if (o.find('=') == std::string::npos)
        error(path + ".set", fmt::format("'{}' is no override: write path=value", o));
  }
  for (const auto& [path, values] : b.matrix)
    if (values.empty()) error("matrix", fmt::format("'{}' has no values: list them or remove it", path));
  if (run_count(b) > kMostRuns)
    error("matrix", fmt::format("this makes more than {} runs: use fewer values", kMostRuns));
}

std::vector<BatchRun> expand_batch(const Batch& batch) {
  std::vector<BatchRun> out;
  // Names of the batch's own folders and files beside the runs.
  std::set<std::string> variants = {"figures", "latest"}, names = variants;
  for (const BatchEntry& e : batch.scenarios) {
    std::vector<BatchRun> runs = {{.name = file_safe(entry_name(e)),
                                   .scenario = e.path.resolved,
                                   .overrides = e.overrides,
                                   .devices = e.devices,
                                   .variant = {},
                                   .parameters = {},
                                   .seed = {}}};
    const auto multiply = [&](const std::string& path, const std::vector<std::string>& values) {
      std::vector<BatchRun> more;
      for (const BatchRun& r : runs) {
        for (const std::string& v : values) {
          more.push_back(r);
          more.back().overrides.push_back(path + "=" + v);
          more.back().name = fmt::format(
              "{}-{}", r.name, file_safe(fmt::format("{}_{}", path.substr(path.rfind('.') + 1), v)));
        }
      }
      runs = std::move(more);
    };
    for (const auto& [path, values] : batch.matrix) multiply(path, values);
    for (BatchRun& r : runs) {
      const std::string base = r.name;
      for (int n = 2; !variants.insert(r.name).second; ++n) r.name = fmt::format("{}.{}", base, n);
      r.variant = r.name;
      for (size_t i = e.overrides.size(), m = 0; m < batch.matrix.size(); ++i, ++m) {
        const size_t equals = r.overrides[i].find('=');
        r.parameters[r.overrides[i].substr(0, equals)] = r.overrides[i].substr(equals + 1);
      }
    }
    std::vector<std::string> seeds;
    for (uint64_t s : batch.seeds) seeds.push_back(fmt::format("{}", s));
    if (!seeds.empty()) multiply("scenario.seed", seeds);
    for (BatchRun& r : runs) {
      if (!seeds.empty()) r.seed = r.overrides.back().substr(r.overrides.back().find('=') + 1);
      const std::string base = r.name;
      for (int n = 2; !names.insert(r.name).second; ++n) r.name = fmt::format("{}.{}", base, n);
      out.push_back(std::move(r));
    }
  }
  return out;
}

}  // namespace xedgesim::scenario
