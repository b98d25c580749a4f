#include "export/compose_file.h"

#include <fmt/format.h>

#include "export/result.h"
#include "system/addresses.h"
#include "system/switch_config.h"

namespace xedgesim::exporter {
namespace {

/// Text as compose reads it back: a lone $ would be a variable.
std::string dollars(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '$' ? "$$" : std::string(1, c);
  return out;
}

}  // namespace

ComposeFile::ComposeFile(const char* purpose, const std::vector<lan::Responder::Config>& lans) : lans_(lans) {
  out_ << YAML::Comment(purpose) << YAML::Newline << YAML::BeginMap << YAML::Key << "services" << YAML::Value
       << YAML::BeginMap;
}

void ComposeFile::add(const Service& s, bool production) {
  out_ << YAML::Key << s.name << YAML::Value << YAML::BeginMap;
  text("image", s.image);
  if (!s.command.empty()) list("command", s.command);
  if (!s.environment.empty()) environment(s.environment);
  if (!s.mounts.empty()) mounts(s.mounts);
  if (s.cpus) out_ << YAML::Key << "cpus" << YAML::Value << *s.cpus;
  if (s.cpu_shares) out_ << YAML::Key << "cpu_shares" << YAML::Value << *s.cpu_shares;
  if (s.memory) text("mem_limit", fmt::format("{}b", *s.memory));
  if (s.health) health(*s.health);
  network(s, production);
  if (production) text("restart", "always");
  out_ << YAML::EndMap;
}

std::string ComposeFile::finish() {
  out_ << YAML::EndMap;
  if (bridged_ || !networks_.empty()) {
    out_ << YAML::Key << "networks" << YAML::Value << YAML::BeginMap;
    if (bridged_) out_ << YAML::Key << "xedgesim" << YAML::Value << YAML::BeginMap << YAML::EndMap;
    for (const auto& [name, ip] : networks_) network_of_cards(name, ip);
    out_ << YAML::EndMap;
  }
  if (!volumes_.empty()) {
    out_ << YAML::Key << "volumes" << YAML::Value << YAML::BeginMap;
    for (const auto& v : volumes_) out_ << YAML::Key << v << YAML::Value << YAML::BeginMap << YAML::EndMap;
    out_ << YAML::EndMap;
  }
  out_ << YAML::EndMap;
  return std::string(out_.c_str()) + "\n";
}

void ComposeFile::text(const char* key, const std::string& value) {
  out_ << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << dollars(value);
}

void ComposeFile::list(const char* key, const std::vector<std::string>& values) {
  out_ << YAML::Key << key << YAML::Value << YAML::BeginSeq;
  for (const auto& v : values) out_ << YAML::DoubleQuoted << dollars(v);
  out_ << YAML::EndSeq;
}

std::string ComposeFile::volume(const std::string& name) {
  const std::string safe = file_name(name);
  volumes_.insert(safe);
  return safe;
}

void ComposeFile::environment(const std::map<std::string, std::string>& variables) {
  out_ << YAML::Key << "environment" << YAML::Value << YAML::BeginMap;
  for (const auto& [key, value] : variables) {
    out_ << YAML::Key << YAML::DoubleQuoted << key;
    out_ << YAML::Value << YAML::DoubleQuoted << dollars(value);
  }
  out_ << YAML::EndMap;
}

void ComposeFile::mounts(const std::vector<Mount>& all) {
  out_ << YAML::Key << "volumes" << YAML::Value << YAML::BeginSeq;
  for (const Mount& m : all) {
    out_ << YAML::BeginMap;
    text("type", m.volume ? "volume" : "bind");
    text("source", m.volume ? volume(m.source) : m.source);
    text("target", m.target);
    if (m.read_only) out_ << YAML::Key << "read_only" << YAML::Value << true;
    out_ << YAML::EndMap;
  }
  out_ << YAML::EndSeq;
}

void ComposeFile::health(const scenario::Health& h) {
  out_ << YAML::Key << "healthcheck" << YAML::Value << YAML::BeginMap;
  std::vector<std::string> test{"CMD"};
  test.insert(test.end(), h.command.begin(), h.command.end());
  list("test", test);
  const auto time = [&](const char* key, Duration d) {
    text(key, fmt::format("{}ms", d.count_ns() / 1'000'000));
  };
  time("interval", h.interval);
  time("timeout", h.timeout);
  if (h.start_period > Duration()) time("start_period", h.start_period);
  out_ << YAML::Key << "retries" << YAML::Value << h.retries << YAML::EndMap;
}

void ComposeFile::network(const Service& s, bool production) {
  if (s.network_mode != "bridge" && !s.network_mode.empty()) {
    text("network_mode", s.network_mode);
  } else if (production) {
    text("network_mode", "host");
  } else if (!s.networks.empty()) {
    cards(s.networks);
  } else {
    bridged_ = true;
    list("networks", {"xedgesim"});
  }
}

void ComposeFile::cards(const std::vector<ContainerNetwork>& networks) {
  out_ << YAML::Key << "networks" << YAML::Value << YAML::BeginMap;
  // An engine gives out eth0, eth1, … by priority, the highest first.
  constexpr int kFirst = 1000;
  for (size_t i = 0; i < networks.size(); ++i) {
    const ContainerNetwork& n = networks[i];
    out_ << YAML::Key << n.name << YAML::Value << YAML::BeginMap;
    if (!n.ip.empty()) text("ipv4_address", n.ip);
    out_ << YAML::Key << "priority" << YAML::Value << kFirst - static_cast<int>(i) << YAML::EndMap;
    std::string& known = networks_[n.name];
    if (known.empty()) known = n.ip;
  }
  out_ << YAML::EndMap;
}

void ComposeFile::network_of_cards(const std::string& name, const std::string& ip) {
  out_ << YAML::Key << name << YAML::Value << YAML::BeginMap;
  const uint32_t number = system::parse_ipv4(ip).value_or(0);
  for (const auto& lan : lans_) {
    const uint32_t mask = 0xffffffffu << (32 - lan.prefix);
    if (number == 0 || ((number ^ lan.ip) & mask) != 0) continue;
    out_ << YAML::Key << "ipam" << YAML::Value << YAML::BeginMap << YAML::Key << "config" << YAML::Value
         << YAML::BeginSeq << YAML::BeginMap;
    text("subnet", fmt::format("{}/{}", system::dotted_ipv4(number & mask), lan.prefix));
    text("gateway", system::dotted_ipv4(lan.ip));
    out_ << YAML::EndMap << YAML::EndSeq << YAML::EndMap;
    break;
  }
  out_ << YAML::EndMap;
}

}  // namespace xedgesim::exporter
