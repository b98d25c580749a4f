#include "nodes/external/external_program.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cmath>

#include "base/base64.h"
#include "base/error.h"
#include "net/mqttsn/codec.h"

namespace xedgesim::nodes {
namespace {

using nlohmann::json;

constexpr const char* kProtocol = "xedgesim-external";
constexpr size_t kMostPayload = 116;

/// A whole number of an object, or none when it is absent or something else.
std::optional<int64_t> whole(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_integer()) return std::nullopt;
  if (it->is_number_unsigned() && it->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
  return it->get<int64_t>();
}

}  // namespace

ExternalProgram::ExternalProgram(Config config)
    : config_(std::move(config)), energy_uj_(config_.nodes.size()) {
  for (size_t i = 0; i < config_.nodes.size(); ++i) index_.emplace(config_.nodes[i].name, i);
}

ExternalProgram::~ExternalProgram() = default;

void ExternalProgram::fail(const std::string& what) {
  const std::string end = child_ ? child_->obituary() : "";
  channel_.reset();
  throw SimulationError(fmt::format("the external program of '{}' {} at {}{}", config_.name, what,
                                    to_string(asked_), end.empty() ? "" : " (it " + end + ")"));
}

void ExternalProgram::send(const json& message) {
  try {
    channel_->send(message.dump(), config_.timeout);
  } catch (const PeerError& e) {
    fail(e.what());
  }
}

json ExternalProgram::receive(const char* answer_to) {
  std::string line;
  try {
    line = channel_->receive(config_.timeout);
  } catch (const PeerError& e) {
    fail(fmt::format("{} instead of answering {}", e.what(), answer_to));
  }
  json message = json::parse(line, nullptr, false);
  if (!message.is_object()) fail(fmt::format("sent a line that is no JSON object ({})", quote_line(line)));
  const auto type = message.find("type");
  if (type == message.end() || !type->is_string())
    fail(fmt::format("sent a message without a type ({})", quote_line(line)));
  if (*type == "ERROR") {
    const auto text = message.find("message");
    fail(fmt::format("reports an error: {}", text != message.end() && text->is_string()
                                                 ? quote_line(text->get<std::string>())
                                                 : "unknown"));
  }
  if (*type != "DONE")
    fail(fmt::format("answered {} with {} instead of DONE", answer_to, quote_line(type->get<std::string>())));
  return message;
}

void ExternalProgram::connect(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  // A socket's path is short; that of the results may not be.
  const std::string own = "unix:" + (std::filesystem::temp_directory_path() /
                                     fmt::format("xedgesim-{}-{}.sock", getpid(), config_.name))
                                        .string();
  listener_ = std::make_unique<Listener>(config_.address.empty() ? own : config_.address);
  if (!config_.command.empty()) {
    std::vector<std::string> environment = config_.environment;
    environment.push_back("XEDGESIM_SOCKET=" + listener_->address());
    child_ = std::make_unique<Child>(config_.command, environment, folder / (config_.name + ".log"));
  }
  try {
    channel_.emplace(listener_->accept(config_.timeout, child_ ? child_->pidfd() : -1));
  } catch (const PeerError& e) {
    fail(e.what());
  }
  exchange_greetings();
}

void ExternalProgram::greet(Descriptor socket) {
  channel_.emplace(std::move(socket));
  exchange_greetings();
}

void ExternalProgram::exchange_greetings() {
  json nodes = json::array();
  for (const Node& n : config_.nodes) {
    json entry = n.description;
    entry["node"] = n.name;
    nodes.push_back(std::move(entry));
  }
  send({{"type", "INIT"},
        {"protocol", kProtocol},
        {"version", kVersion},
        {"group", config_.name},
        {"seed", config_.seed},
        {"duration_ns", config_.duration.count_ns()},
        {"nodes", std::move(nodes)}});
  const json answer = receive("INIT");
  const auto version = whole(answer, "version");
  if (version != kVersion)
    fail(fmt::format(
        "speaks version {} of the protocol, but this xedgesim speaks {}: use an SDK of this version",
        version ? std::to_string(*version) : "(none)", kVersion));
  sim::Outbox nothing;
  done(answer, SimTime::zero(), SimTime::zero(), nothing);
  if (!nothing.events().empty())
    fail("sent frames in its answer to INIT: it may act after the first ADVANCE only");
  reached_ = SimTime::zero();
}

void ExternalProgram::done(const json& message, SimTime from, SimTime at, sim::Outbox& outbox) {
  if (const auto t = whole(message, "at_ns"); t != at.count_ns())
    fail(fmt::format("says it is at {} ns, but it was told {} ns", t ? std::to_string(*t) : "no",
                     at.count_ns()));
  acted_ = from;
  if (const auto events = message.find("events"); events != message.end()) {
    if (!events->is_array()) fail("sent events that are no list");
    for (const json& e : *events) act(e, at, outbox);
  }
  const auto next = message.find("next_ns");
  if (next == message.end() || next->is_null()) {
    next_ = SimTime::never();
  } else if (const auto t = whole(message, "next_ns"); t && *t > at.count_ns()) {
    next_ = SimTime::from_ns(*t);
  } else {
    fail(fmt::format("wants to act next at {} ns, which is not after {} ns, where it is",
                     quote_line(next->dump()), at.count_ns()));
  }
  reached_ = at;
}

void ExternalProgram::act(const json& e, SimTime at, sim::Outbox& outbox) {
  const auto bad = [&](const std::string& what) {
    fail(fmt::format("sent an event {} ({})", what,
                     quote_line(e.dump(-1, ' ', false, json::error_handler_t::replace))));
  };
  if (!e.is_object()) bad("that is no object");
  const auto kind = e.find("event"), name = e.find("node");
  if (kind == e.end() || !kind->is_string()) bad("without a kind");
  if (name == e.end() || !name->is_string()) bad("without a node");
  const auto node = index_.find(name->get_ref<const std::string&>());
  if (node == index_.end())
    bad(fmt::format("of the node '{}', which is not one of its own", quote_line(name->get<std::string>())));
  const auto t = whole(e, "t_ns");
  if (!t || *t < acted_.count_ns() || *t > at.count_ns())
    bad(fmt::format("with a time outside {} to {} ns, the time it was given, or before its last event",
                    acted_.count_ns(), at.count_ns()));
  acted_ = SimTime::from_ns(*t);
  if (*kind == "energy") {
    const auto amount = e.find("uJ");
    if (amount == e.end() || !amount->is_number() || !std::isfinite(amount->get<double>()) ||
        amount->get<double>() < 0)
      bad("without an amount of energy in uJ");
    energy_uj_[node->second] += amount->get<double>();
    return;
  }
  if (*kind != "send") bad("of an unknown kind");
  const auto payload = e.find("payload");
  auto bytes = payload != e.end() && payload->is_string()
                   ? base64_decode(payload->get_ref<const std::string&>())
                   : std::nullopt;
  if (!bytes) bad("whose payload is no base64 text");
  if (e.contains("topic_id")) {
    const auto topic = whole(e, "topic_id");
    if (!topic || *topic < 1 || *topic > 0xfffe) bad("whose topic_id is not 1 to 65534");
    bytes = net::mqttsn::encode(net::mqttsn::Publish{.qos = -1,
                                                     .topic_type = net::mqttsn::TopicIdType::predefined,
                                                     .topic_id = static_cast<uint16_t>(*topic),
                                                     .data = std::move(*bytes)});
  }
  if (bytes->size() > kMostPayload)
    bad(fmt::format("whose frame would carry {} bytes: an 802.15.4 frame carries {}", bytes->size(),
                    kMostPayload));
  const Node& n = config_.nodes[node->second];
  const int64_t to =
      e.contains("to") ? whole(e, "to").value_or(-1) : n.description.value("gateway", int64_t{0});
  if (to < 0 || to > 0xffff) bad("whose destination is not a short address");
  const auto ack = e.find("ack");
  outbox.post({.time = acted_,
               .kind = sim::EventKind::state,
               .target = n.participant,
               .code = static_cast<uint32_t>(ExternalCode::send),
               .args = {to, ack == e.end() || *ack != false, whole(e, "tag").value_or(0), 0},
               .data = std::make_shared<sim::Bytes>(std::move(*bytes))});
}

SimTime ExternalProgram::advance(SimTime limit, sim::Outbox& outbox) {
  asked_ = limit;
  send({{"type", "ADVANCE"}, {"to_ns", limit.count_ns()}});
  // It had said that it would do nothing before next_.
  done(receive("ADVANCE"), next_, limit, outbox);
  return limit;
}

void ExternalProgram::deliver(const sim::Event& e, sim::Outbox& outbox) {
  asked_ = e.time;
  json m = {{"type", "DELIVER"},
            {"t_ns", e.time.count_ns()},
            {"node", config_.nodes[static_cast<size_t>(e.args[3])].name}};
  if (e.code == static_cast<uint32_t>(ExternalCode::received)) {
    m["kind"] = "frame";
    m["from"] = e.args[0];
    m["rssi_dbm"] = static_cast<double>(e.args[1]) / 100;
    m["lqi"] = e.args[2];
    m["payload"] = base64_encode(*e.data);
  } else {
    m["kind"] = "sent";
    m["tag"] = e.args[0];
    m["status"] = std::string(to_string(static_cast<net::ieee802154::TxStatus>(e.args[1])));
    m["transmissions"] = e.args[2];
  }
  send(m);
  done(receive("DELIVER"), e.time, e.time, outbox);
}

void ExternalProgram::shut_down(const std::string& reason) noexcept {
  try {
    if (channel_) {
      channel_->send(json{{"type", "SHUTDOWN"}, {"reason", reason}}.dump(), config_.timeout);
      channel_->receive(config_.timeout);
    }
  } catch (const std::exception&) {
    // It is on its way out one way or the other.
  }
  channel_.reset();
  if (child_) child_->finish(Duration::s(2));
}

}  // namespace xedgesim::nodes
