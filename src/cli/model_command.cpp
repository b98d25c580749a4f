#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "ml/data_table.h"
#include "ml/network.h"
#include "ml/onnx_model.h"
#include "ml/tflite_model.h"

namespace xedgesim::cli {
namespace {

struct ModelFlags {
  std::string model, other, data, output;
  int after = -1;
  double tolerance = 0;
  std::string format = "table";
  bool json() const { return format == "json"; }
};

bool is_tflite(const std::filesystem::path& file) { return file.extension() == ".tflite"; }

/// Errors of the model layer are half sentences.
ml::Network import_model(const std::string& file) {
  if (is_tflite(file))
    throw ConfigError(
        fmt::format("'{}': this command reads ONNX models; only inspect and verify take .tflite", file));
  try {
    return ml::network_from_onnx(ml::parse_onnx(ml::read_bytes(file)));
  } catch (const ConfigError& e) {
    throw ConfigError(fmt::format("cannot use the model '{}': {}", file, e.what()));
  }
}

std::string shape(const std::vector<int64_t>& dims) { return fmt::format("[{}]", fmt::join(dims, ", ")); }

nlohmann::ordered_json describe(const ml::Network& net) {
  auto layers = nlohmann::ordered_json::array();
  for (size_t i = 0; i < net.layers.size(); ++i) {
    const ml::Layer& l = net.layers[i];
    const ml::NetworkTensor& out = net.tensors[static_cast<size_t>(l.output)];
    bool can_cut = i + 1 < net.layers.size();
    try {
      if (can_cut) ml::split(net, static_cast<int>(i));
    } catch (const ConfigError&) {
      can_cut = false;
    }
    layers.push_back({{"layer", i},
                      {"kind", ml::to_string(l.kind)},
                      {"name", l.name},
                      {"output", shape(out.dims)},
                      {"elements", out.elements()},
                      {"macs", net.macs_of(l)},
                      {"parameters", l.weights.size() + l.bias.size()},
                      {"cut_behind", can_cut}});
  }
  return {{"input", shape(net.in().dims)},
          {"output", shape(net.out().dims)},
          {"macs", net.macs()},
          {"quantised", net.quantised()},
          {"layers", layers}};
}

ExitCode inspect(const ModelFlags& f) {
  if (is_tflite(f.model)) {
    const ml::TfliteModel m = ml::TfliteModel::load(f.model);
    const auto in = m.input(), out = m.output();
    const nlohmann::ordered_json j{{"file_bytes", m.file_size()},
                                   {"arena_bytes_on_this_host", m.arena_size()},
                                   {"input", fmt::format("[{}]", fmt::join(in.dims, ", "))},
                                   {"output", fmt::format("[{}]", fmt::join(out.dims, ", "))},
                                   {"operators", m.operators()}};
    if (f.json()) {
      std::printf("%s\n", j.dump(2).c_str());
      return ExitCode::ok;
    }
    fmt::print("{}: {} bytes, input [{}], output [{}], arena {} bytes on this host\n", f.model, m.file_size(),
               fmt::join(in.dims, ", "), fmt::join(out.dims, ", "), m.arena_size());
    for (const std::string& op : m.operators()) fmt::print("  {}\n", op);
    return ExitCode::ok;
  }
  const auto j = describe(import_model(f.model));
  if (f.json()) {
    std::printf("%s\n", j.dump(2).c_str());
    return ExitCode::ok;
  }
  fmt::print("{}: input {}, output {}, {} MACs, {}\n", f.model, j["input"].get<std::string>(),
             j["output"].get<std::string>(), j["macs"].get<uint64_t>(),
             j["quantised"].get<bool>() ? "quantised to int8" : "floats");
  fmt::print("{:>5}  {:<15} {:<18} {:>9} {:>10} {:>11}  {}\n", "layer", "kind", "output", "elements", "MACs",
             "parameters", "can be cut behind it");
  for (const auto& l : j["layers"])
    fmt::print("{:>5}  {:<15} {:<18} {:>9} {:>10} {:>11}  {}\n", l["layer"].get<int>(),
               l["kind"].get<std::string>(), l["output"].get<std::string>(), l["elements"].get<int64_t>(),
               l["macs"].get<uint64_t>(), l["parameters"].get<size_t>(),
               l["cut_behind"].get<bool>() ? "yes" : "no");
  return ExitCode::ok;
}

void save(const std::filesystem::path& file, const std::vector<uint8_t>& bytes) {
  ml::write_bytes(file, bytes);
  fmt::print("{}: {} bytes\n", file.string(), bytes.size());
}

std::filesystem::path prefix_of(const ModelFlags& f) {
  if (!f.output.empty()) return f.output;
  std::filesystem::path p = f.model;
  return p.replace_extension();
}

/// Refuses here what the device would refuse.
std::vector<uint8_t> device_file(const ml::Network& net, const std::string& model, bool float_output) {
  try {
    std::vector<uint8_t> file = ml::write_tflite(net, float_output);
    ml::TfliteModel check(file, model);
    return file;
  } catch (const ConfigError& e) {
    throw ConfigError(fmt::format("cannot make a device model of '{}': {}", model, e.what()));
  }
}

ExitCode quantize(const ModelFlags& f) {
  ml::Network net = import_model(f.model);
  const std::string prefix = prefix_of(f).string();
  if (net.quantised()) {
    if (!f.data.empty())
      throw ConfigError(fmt::format("'{}' is quantised already: leave --data out", f.model));
    save(prefix + ".tflite", device_file(net, f.model, true));
    return ExitCode::ok;
  }
  if (f.data.empty())
    throw ConfigError(
        fmt::format("'{}' is a model in floats: give --data with typical inputs, from which the int8 "
                    "ranges are chosen",
                    f.model));
  net = ml::quantise(net, ml::read_data_table(f.data).rows);
  save(prefix + "_int8.onnx", ml::write_onnx(net));
  save(prefix + "_int8.tflite", device_file(net, f.model, true));
  return ExitCode::ok;
}

using Runner = std::function<std::vector<float>(const std::vector<float>&)>;

/// Either kind of file as a function.
Runner runner(const std::string& file) {
  if (is_tflite(file)) {
    auto m = std::make_shared<ml::TfliteModel>(ml::TfliteModel::load(file));
    return [m](const std::vector<float>& x) { return m->run(x); };
  }
  auto m = std::make_shared<ml::OnnxModel>(ml::OnnxModel::load(file));
  return [m](const std::vector<float>& x) { return m->run(x); };
}

/// Runs both on a data set and prints how far they agree; the greatest difference of an output.
double print_agreement(const ModelFlags& f, const Runner& a, const Runner& b, const std::string& second) {
  const ml::DataTable data = ml::read_data_table(f.data);
  double worst = 0;
  size_t same = 0, right_a = 0, right_b = 0;
  for (size_t i = 0; i < data.rows.size(); ++i) {
    const auto x = a(data.rows[i]), y = b(data.rows[i]);
    if (x.size() != y.size())
      throw ConfigError(fmt::format("'{}' answers {} values, '{}' {}", f.model, x.size(), second, y.size()));
    for (size_t k = 0; k < x.size(); ++k) worst = std::max(worst, std::abs(double{x[k]} - y[k]));
    same += ml::argmax(x) == ml::argmax(y);
    if (data.labels.empty()) continue;
    right_a += ml::argmax(x) == static_cast<size_t>(data.labels[i]);
    right_b += ml::argmax(y) == static_cast<size_t>(data.labels[i]);
  }
  const auto n = static_cast<double>(data.rows.size());
  nlohmann::ordered_json j{{"rows", data.rows.size()},
                           {"same_class", static_cast<double>(same) / n},
                           {"greatest_difference", worst}};
  if (!data.labels.empty()) {
    j["accuracy_first"] = static_cast<double>(right_a) / n;
    j["accuracy_second"] = static_cast<double>(right_b) / n;
  }
  if (f.json()) {
    std::printf("%s\n", j.dump(2).c_str());
    return worst;
  }
  fmt::print("{} rows: {:.2f} % same class, greatest difference of an output {:.6g}\n", data.rows.size(),
             100 * static_cast<double>(same) / n, worst);
  if (!data.labels.empty())
    fmt::print("accuracy {:.2f} % ({}), {:.2f} % ({})\n", 100 * static_cast<double>(right_a) / n, f.model,
               100 * static_cast<double>(right_b) / n, second);
  return worst;
}

ExitCode verdict(const ModelFlags& f, double worst) {
  const bool ok = worst <= f.tolerance;
  if (!f.json()) fmt::print("{}: tolerance {:.6g}\n", ok ? "they agree" : "they differ", f.tolerance);
  return ok ? ExitCode::ok : ExitCode::assertion_failed;
}

ExitCode verify(const ModelFlags& f) {
  return verdict(f, print_agreement(f, runner(f.model), runner(f.other), f.other));
}

ExitCode split(const ModelFlags& f) {
  const ml::Network net = import_model(f.model);
  if (!net.quantised())
    throw ConfigError(
        fmt::format("'{}' is a model in floats: quantise it first (xedgesim model quantize)", f.model));
  const ml::SplitNetwork parts = [&] {
    try {
      return ml::split(net, f.after);
    } catch (const ConfigError& e) {
      throw ConfigError(fmt::format("'{}': {}", f.model, e.what()));
    }
  }();
  const std::string prefix = prefix_of(f).string();
  const auto front = device_file(parts.device, f.model, false);
  const auto rest = ml::write_onnx(parts.rest, {.codes_in = true, .codes = {}});
  save(fmt::format("{}_device_{}.tflite", prefix, f.after), front);
  save(fmt::format("{}_rest_{}.onnx", prefix, f.after), rest);
  const auto elements = parts.rest.in().elements();
  fmt::print("sent between them: {} int8 values, {} of {} MACs on the device\n", elements,
             parts.device.macs(), net.macs());
  if (f.data.empty()) return ExitCode::ok;
  // Both parts in a row, as device and service run them.
  auto device = std::make_shared<ml::TfliteModel>(front, "the device part");
  auto service = std::make_shared<ml::OnnxModel>(ml::OnnxModel::parse(rest, "the rest"));
  const Runner cut = [device, service](const std::vector<float>& x) {
    device->run(x);
    const auto codes = device->codes();
    return service->run(std::vector<float>(codes.begin(), codes.end()));
  };
  return verdict(f, print_agreement(f, runner(f.model), cut, "cut"));
}

/// --json is what it was called before the other commands' --format.
void add_formats(CLI::App& command, const std::shared_ptr<ModelFlags>& flags) {
  add_format(command, flags->format);
  command.add_flag_callback(
      "--json", [flags] { flags->format = "json"; }, "The same as --format json");
}

}  // namespace

void add_model(CLI::App& app, Body& body) {
  CLI::App* model = app.add_subcommand("model", "Look into, quantise, cut and compare ML models");
  model->require_subcommand(1);
  model->footer("Example:  xedgesim model inspect models/vibration/anomaly_detector.onnx");
  auto f = std::make_shared<ModelFlags>();
  const auto command = [&](const char* name, const char* what, const char* example,
                           ExitCode (*run)(const ModelFlags&)) {
    CLI::App* c = model->add_subcommand(name, what);
    c->add_option("model", f->model, "Model file")->required();
    c->footer(std::string("Example:  ") + example);
    c->callback([&body, f, run] { body = [f, run] { return run(*f); }; });
    return c;
  };
  CLI::App* i = command("inspect", "Layers, shapes and operations of an .onnx or .tflite file",
                        "xedgesim model inspect models/vibration/anomaly_detector.onnx", inspect);
  add_formats(*i, f);
  CLI::App* q = command("quantize", "int8 ONNX and .tflite files of an ONNX model",
                        "xedgesim model quantize my.onnx --data typical.csv --output build/my", quantize);
  q->add_option("--data", f->data, "CSV file of typical inputs, one row each (for a model in floats)");
  q->add_option("--output", f->output,
                "Beginning of the new files' names (default: the model's, without ending)");
  CLI::App* s = command("split", "A device part (.tflite) and the rest (ONNX) of a quantised ONNX model",
                        "xedgesim model split my_int8.onnx --after 1 --data test.csv --tolerance 0.1", split);
  s->add_option("--after", f->after, "Last layer of the device, as inspect counts them")->required();
  s->add_option("--output", f->output,
                "Beginning of the new files' names (default: the model's, without ending)");
  s->add_option("--data", f->data, "CSV file on which both parts in a row are compared with the uncut model");
  s->add_option("--tolerance", f->tolerance,
                "Greatest difference of an output; beyond it the exit code is 2");
  CLI::App* v =
      command("verify", "Compare two models (.onnx or .tflite) on a data set",
              "xedgesim model verify my.onnx my_int8.tflite --data test.csv --tolerance 0.5", verify);
  v->add_option("other", f->other, "The second model")->required();
  v->add_option("--data", f->data, "CSV file, one row each; a column called label gives the accuracy")
      ->required();
  v->add_option("--tolerance", f->tolerance,
                "Greatest difference of an output; beyond it the exit code is 2");
  add_formats(*v, f);
}

}  // namespace xedgesim::cli
