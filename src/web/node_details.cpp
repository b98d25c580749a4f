#include "web/node_details.h"

#include <fmt/format.h>

#include <vector>

namespace xedgesim::web {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& p : parts)
    if (!p.empty()) text += (text.empty() ? "" : ", ") + p;
  return text;
}

std::string rate_text(double bits_per_second) {
  return bits_per_second >= 1e9 ? fmt::format("{:g} Gbit/s", bits_per_second / 1e9)
                                : fmt::format("{:g} Mbit/s", bits_per_second / 1e6);
}

std::string impairment_text(const scenario::Impairments& i) {
  std::vector<std::string> parts;
  if (i.bandwidth) parts.push_back(rate_text(static_cast<double>(*i.bandwidth)));
  if (i.latency) parts.push_back(fmt::format("{:g} ms", static_cast<double>(i.latency->count_ns()) / 1e6));
  return joined(parts);
}

}  // namespace

const char* kind_of(scenario::LinuxNode::Type type) {
  using Type = scenario::LinuxNode::Type;
  switch (type) {
    case Type::vm:
      return "machine";
    case Type::container:
      return "container";
    case Type::process:
      return "process";
    case Type::host:
      return "host";
    case Type::model:
      return "model";
  }
  return "model";
}

std::string short_label(const std::string& id) {
  constexpr size_t kLongest = 12, kHead = 5;
  const size_t number = id.rfind('_');
  if (id.size() <= kLongest || number == std::string::npos || number <= kHead) return id;
  return id.substr(0, kHead) + "…" + id.substr(number);
}

std::string device_detail(const scenario::Device& d) {
  return joined({d.type == scenario::Device::Type::model ? "model" : d.platform,
                 d.firmware ? d.firmware->file.written : "", d.ml_model.written, d.description});
}

std::string edge_detail(const scenario::EdgeNode& e) {
  std::vector<std::string> parts = e.services;
  parts.insert(parts.begin(), {e.compute.target, e.ml_model.written, e.image});
  return joined(parts);
}

std::string cloud_detail(const scenario::CloudNode& c) {
  std::vector<std::string> parts = c.services;
  parts.insert(parts.begin(), {c.compute.target, c.ml_model.written});
  return joined(parts);
}

std::string machine_detail(const scenario::LinuxNode& n) {
  std::string detail = n.ip;
  if (n.type == scenario::LinuxNode::Type::vm)
    detail = joined({n.arch == scenario::LinuxNode::Arch::aarch64 ? "ARM64" : "x86-64",
                     fmt::format("{} MiB", n.memory >> 20), n.image, n.ip});
  else if (!n.image.empty())
    detail = joined({n.image, n.ip});
  return detail;
}

std::string switch_detail(const scenario::Switch& s) {
  std::vector<std::string> parts{fmt::format("{} ports", s.ports.size())};
  if (!s.vlans.empty()) parts.push_back(fmt::format("{} VLANs", s.vlans.size()));
  if (s.stp) parts.push_back("spanning tree");
  return joined(parts);
}

std::string path_label(const std::string& name, const scenario::Impairments& impairments) {
  return joined({name, impairment_text(impairments)});
}

}  // namespace xedgesim::web
