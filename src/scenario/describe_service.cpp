#include "scenario/describe.h"
#include "scenario/metric_names.h"

namespace xedgesim::scenario {
namespace {

const Description<Compute>& describe_compute() {
  static const Description<Compute> kD = [] {
    Description<Compute> d;
    d.doc = "How long native services take to compute.";
    d.add({.key = "target", .doc = "machine whose speed is assumed"}, &Compute::target,
          known_name("compute target", names_of(compute_targets())));
    d.add({.key = "macs_per_second", .doc = "multiply-accumulates a second; absent: the target's"},
          &Compute::macs_per_second, real(1, 1e18));
    d.add({.key = "overhead", .doc = "time of every request; absent: the target's"}, &Compute::overhead,
          duration());
    d.add({.key = "jitter", .doc = "relative standard deviation"}, &Compute::jitter, fraction());
    d.add({.key = "parallel", .doc = "requests worked on at once"}, &Compute::parallel, integer(1, 1024));
    return d;
  }();
  return kD;
}

const Description<EdgeNode>& describe_edge() {
  using E = EdgeNode;
  using T = E::Type;
  static const Description<E> kD = [] {
    Description<E> d;
    d.doc = "An edge node. The first one is the radio's gateway.";
    d.add({.key = "id", .doc = "name", .required = true}, &E::id, identifier());
    d.consumed({.key = "kind", .doc = "entry of `kinds` whose keys apply where this node has none"},
               identifier());
    d.add({.key = "description", .doc = "for people"}, &E::description, text());
    d.add({.key = "type",
           .doc = "model: native services; machine: the services of a Linux machine, over a cable; docker: a "
                  "container; process, external: another program"},
          &E::type,
          choice<T>({{"docker", T::docker},
                     {"model", T::model},
                     {"machine", T::machine},
                     {"process", T::process},
                     {"external", T::external}}));
    d.add({.key = "machine", .doc = "machine: the node (vm, container or process) whose MQTT-SN gateway gets the reports"},
          &E::machine, identifier());
    d.add({.key = "ip", .doc = "machine, docker, process: address of the radio's end of the cable"}, &E::ip, ip_address());
    d.add({.key = "image", .doc = "docker: image; process: image whose files it sees"}, &E::image, text());
    d.add({.key = "network_mode", .doc = "docker: network"}, &E::network_mode, text());
    d.add({.key = "volumes", .doc = "docker: HOST:CONTAINER[:ro]"}, &E::volumes, list_of(text()));
    d.add({.key = "environment", .doc = "variables of the services"}, &E::environment,
          map_of(text(), "variable"));
    d.add({.key = "services", .doc = "what runs on it"}, &E::services, list_of(text()));
    d.add({.key = "ml_model", .doc = "model the inference service runs; absent: environment.ML_MODEL"},
          &E::ml_model, file_path());
    d.add({.key = "cpus", .doc = "processors it may use"}, &E::cpus, real(0.01, 1024));
    d.add({.key = "memory", .doc = "RAM it may use"}, &E::memory,
          bytes_bare(int64_t{1} << 20, int64_t{1} << 20, int64_t{1} << 46));
    d.add({.key = "health", .doc = "docker: health check"}, &E::health, health_codec());
    d.add({.key = "compute", .doc = "model: speed of the machine"}, &E::compute,
          struct_of(describe_compute()));
    d.add({.key = "position", .doc = "where its radio stands"}, &E::position, position());
    d.add({.key = "command", .doc = "process, external: program to start"}, &E::command, one_or_more(text()));
    d.add({.key = "timeout", .doc = "external: wall time one answer may take"}, &E::timeout,
          positive_duration());
    return d;
  }();
  return kD;
}

const Description<CloudNode>& describe_cloud() {
  using C = CloudNode;
  using T = C::Type;
  static const Description<C> kD = [] {
    Description<C> d;
    d.doc = "A cloud node.";
    d.add({.key = "id", .doc = "name", .required = true}, &C::id, identifier());
    d.consumed({.key = "kind", .doc = "entry of `kinds` whose keys apply where this node has none"},
               identifier());
    d.add({.key = "description", .doc = "for people"}, &C::description, text());
    d.add({.key = "type",
           .doc = "model: native services; python_service, python_mock: a script; external: another program"},
          &C::type,
          choice<T>({{"python_service", T::python_service},
                     {"python_mock", T::python_mock},
                     {"model", T::model},
                     {"external", T::external}}));
    d.add({.key = "latency", .doc = "network latency to the cloud, one way"}, &C::latency, duration());
    d.add({.key = "services", .doc = "what runs on it"}, &C::services, list_of(text()));
    d.add({.key = "ml_model", .doc = "model it runs"}, &C::ml_model, file_path());
    d.add({.key = "script", .doc = "python types: script; absent: the built-in one"}, &C::script,
          file_path());
    d.add({.key = "environment", .doc = "variables of the services"}, &C::environment,
          map_of(text(), "variable"));
    d.add({.key = "compute", .doc = "speed of the machine"}, &C::compute,
          struct_of(describe_compute(), on_target("x86-server")));
    d.add({.key = "command", .doc = "external: program to start"}, &C::command, one_or_more(text()));
    d.add({.key = "timeout", .doc = "external: wall time one answer may take"}, &C::timeout,
          positive_duration());
    return d;
  }();
  return kD;
}

}  // namespace

CodecPtr<EdgeNode> edge_codec() { return struct_of(describe_edge()); }
CodecPtr<CloudNode> cloud_codec() { return struct_of(describe_cloud()); }

FilePath edge_model_file(const EdgeNode& node) {
  if (!node.ml_model.empty()) return node.ml_model;
  const auto variable = node.environment.find("ML_MODEL");
  if (variable == node.environment.end()) return {};
  const std::string& inside = variable->second;
  for (const std::string& volume : node.volumes) {
    const size_t colon = volume.find(':');
    if (colon == std::string::npos) continue;
    const std::string host = volume.substr(0, colon);
    std::string mounted = volume.substr(colon + 1);
    mounted = mounted.substr(0, mounted.find(':'));
    if (mounted.empty() || inside.rfind(mounted, 0) != 0) continue;
    std::string rest = inside.substr(mounted.size());
    if (rest.empty() || (rest[0] != '/' && mounted.back() != '/')) continue;
    if (rest[0] == '/') rest.erase(0, 1);
    const std::filesystem::path file = (std::filesystem::path(host) / rest).lexically_normal();
    return {file.string(), file.is_absolute() ? file : (node.folder / file).lexically_normal()};
  }
  return {};
}

}  // namespace xedgesim::scenario
