#pragma once
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "net/link/message.h"
#include "nodes/classify.h"
#include "nodes/codes.h"
#include "nodes/mqttsn_forwarder.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::nodes {

/// The native edge service. What devices send is told apart by its port: features are classified here with
/// the real model; the pieces of an intermediate tensor are put together and classified by the rest of the
/// cut model; verdicts of devices are passed on; what the cloud is to classify is passed on too. Requests
/// wait in one queue for `parallel` workers; how long one takes on the declared target comes from a compute
/// model, what is answered from the model itself.
///
/// With `remote`, reports are classified by the services of another machine: they go out over MQTT-SN and
/// UDP, and the verdict that comes back counts as ours. What is not answered within `patience` is lost.
///
/// Limits: pieces of a tensor must arrive in order (the link layer acknowledges each before the next is
/// sent); a sample whose pieces do not is lost.
class EdgeService final : public sim::EventParticipant {
 public:
  struct Config {
    sim::ParticipantId self = sim::kNobody;
    sim::ParticipantId cloud = sim::kNobody;   ///< kNobody: results stay here
    sim::ParticipantId uplink = sim::kNobody;  ///< link towards the cloud, or the cloud itself
    int parallel = 1;
    size_t queue_limit = 100'000;  ///< requests waiting
    /// The model for a sample that came on `port`, null when there is none.
    std::function<const ServiceModel*(int64_t port, int64_t tag)> model;
    std::function<Duration()> forward_time;  ///< of passing a message on
    /// The cloud classifies what this sample's device sends; no function: never.
    std::function<bool(int64_t tag)> passes_on = {};
    /// Who takes the verdict for the device that waits for it; kNobody: it does not wait.
    std::function<sim::ParticipantId(int64_t tag)> gateway;
    std::vector<std::string> classes;                 ///< names of the model's outputs
    std::function<std::string(int64_t)> device_name;  ///< of a message's tag
    int64_t model_bytes = 0;
    std::optional<MqttsnForwarder::Config> remote;
    std::function<uint16_t(int64_t tag)> address_of;  ///< remote: the device's short address
    Duration patience = Duration::s(5);               ///< remote
  };
  explicit EdgeService(Config config);

  void handle(const sim::Event& e, sim::EventContext& context) override;

  sim::Signal<int64_t, SimTime> on_arrival;  ///< tag; not of what the cloud classifies
  sim::Signal<const Classification&> on_result;
  sim::Signal<int64_t, std::string_view, SimTime> on_lost;  ///< tag, cause
  sim::Signal<int64_t, SimTime> on_answer;                  ///< the cloud has answered for this tag

  struct Counters {
    int64_t processed = 0, failed = 0, rx_bytes = 0, tx_bytes = 0;
    Duration busy, processing;
  };
  const Counters& counters() const { return counters_; }
  size_t queue_depth() const { return queue_.size(); }
  int64_t memory_bytes() const;
  bool up() const { return up_; }

 private:
  struct Request {
    int64_t tag;
    int64_t port;
    sim::SharedBytes payload;
    SimTime arrived;
    SimTime begun{};
    uint16_t number = 0;  ///< of a tensor: the device's number of the sample
  };
  struct Assembly {
    uint32_t sequence = 0;
    int next = 0;
    sim::Bytes bytes;
  };
  void accept(const net::Message& m, sim::EventContext& context);
  void enqueue(Request request, sim::EventContext& context);
  void collect_fragment(const net::Message& m, sim::EventContext& context);
  void lose(int64_t tag, std::string_view cause, sim::EventContext& context);
  Duration time_of(const Request& request) const;
  void begin_next(sim::EventContext& context);
  void finish(size_t worker, sim::EventContext& context);
  void infer(const Request& request, sim::EventContext& context);
  void ask(Request request, sim::EventContext& context);
  void answered(const sim::Event& frame, sim::EventContext& context);
  void complete(const Request& request, const std::vector<float>& scores, uint16_t sequence,
                uint16_t battery_mv, sim::EventContext& context);
  void pass_verdict(const Request& request, sim::EventContext& context);
  void send_up(int64_t port, int64_t tag, sim::SharedBytes bytes, sim::EventContext& context);
  void send_result(const Classification& result, uint16_t sequence, uint16_t battery_mv,
                   sim::EventContext& context);
  void return_verdict(int64_t tag, uint16_t sequence, int predicted, sim::EventContext& context);
  void fail(sim::EventContext& context);

  Config config_;
  std::deque<Request> queue_;
  std::map<uint32_t, Assembly> assemblies_;  // by device
  struct Worker {
    bool busy = false;
    Request request{};
    int64_t epoch = 0;
  };
  std::vector<Worker> workers_;
  std::optional<MqttsnForwarder> forwarder_;
  std::map<std::pair<uint16_t, uint16_t>, Request> asked_;  // by short address and sequence number
  Counters counters_;
  bool up_ = true;
  int64_t epoch_ = 0;  // outdates timers of work lost in a failure
  int64_t slowness_ = 1'000'000'000;  // billionths of the usual time
};

}  // namespace xedgesim::nodes
