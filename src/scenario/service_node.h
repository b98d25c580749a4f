#pragma once
#include <map>

#include "scenario/common.h"
#include "scenario/health.h"

namespace xedgesim::scenario {

/// How long native services take to compute.
struct Compute {
  std::string target = "raspberry-pi-4";
  std::optional<double> macs_per_second;  ///< absent: the target's
  std::optional<Duration> overhead;       ///< per request; absent: the target's
  double jitter = 0;                      ///< relative standard deviation, 0..1
  int64_t parallel = 1;                   ///< requests worked on at once
  bool operator==(const Compute&) const = default;
};

inline Compute on_target(std::string target) {
  Compute c;
  c.target = std::move(target);
  return c;
}

/// The first edge node is the radio's gateway (at the origin unless `position` says otherwise).
struct EdgeNode {
  enum class Type { docker, model, process, external, machine };
  std::string id;
  std::string description;
  Type type = Type::model;
  std::string machine;  ///< machine: node id
  std::string ip;       ///< machine: address of this end of the cable
  std::filesystem::path folder;  ///< relative host paths of volumes and commands start here
  std::string image;
  std::string network_mode = "bridge";
  std::vector<std::string> volumes;  ///< host:container[:ro]
  std::map<std::string, std::string> environment;
  std::vector<std::string> services;
  FilePath ml_model;
  std::optional<double> cpus;
  std::optional<int64_t> memory;  ///< bytes
  std::optional<Health> health;
  Compute compute;
  Position position;
  std::vector<std::string> command;    ///< process, external
  Duration timeout = Duration::s(30);  ///< external: wall time it may take for one answer
  bool operator==(const EdgeNode&) const = default;
};

struct CloudNode {
  enum class Type { python_service, python_mock, model, external };
  std::string id;
  std::string description;
  Type type = Type::model;
  Duration latency;  ///< network latency to the cloud, one way, on top of the wired path
  std::vector<std::string> services;
  FilePath ml_model;
  FilePath script;  ///< python_service, python_mock: absent: the built-in one
  std::map<std::string, std::string> environment;
  Compute compute = on_target("x86-server");
  std::vector<std::string> command;    ///< external
  Duration timeout = Duration::s(30);  ///< external: wall time it may take for one answer
  bool operator==(const CloudNode&) const = default;
};

/// The model an edge node runs, as a file of the host: `ml_model`, else environment.ML_MODEL, mapped back
/// through `volumes` when it names a path in the container. Empty if there is none.
FilePath edge_model_file(const EdgeNode& node);

}  // namespace xedgesim::scenario
