#include "nodes/ns3/ns3_peer.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"

namespace xedgesim::nodes {
namespace {

constexpr const char* kNs3Protocol = "xedgesim-ns3";

/// More than any instant can bring.
size_t most_events(size_t stations) { return 1000 + 64 * stations; }

}  // namespace

void Ns3Peer::fail(const std::string& what) {
  const std::string end = child_ ? child_->obituary() : "";
  const std::string words = child_ ? child_->last_words() : "";
  channel_.reset();
  throw SimulationError(fmt::format(
      "the ns-3 process {} at {}{}{}", what, to_string(asked_), end.empty() ? "" : " (it " + end + ")",
      words.find('\n') == std::string::npos ? "" : "\nit had printed:\n" + words));
}

std::string Ns3Peer::receive() {
  try {
    return channel_->receive(config_.timeout);
  } catch (const PeerError& e) {
    fail(e.what());
  }
}

void Ns3Peer::connect(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  // A socket's path is short; that of the results may not be.
  listener_ = std::make_unique<Listener>(
      "unix:" +
      (std::filesystem::temp_directory_path() / fmt::format("xedgesim-{}-ns3.sock", getpid())).string());
  child_ = std::make_unique<Child>(config_.command,
                                   std::vector<std::string>{"XEDGESIM_SOCKET=" + listener_->address()},
                                   folder / "ns3.log");
  try {
    channel_.emplace(listener_->accept(config_.timeout, child_->pidfd()));
    nlohmann::json init = config_.init;
    init["protocol"] = kNs3Protocol;
    init["version"] = kVersion;
    channel_->send("INIT " + init.dump(), config_.timeout);
  } catch (const PeerError& e) {
    fail(e.what());
  }
  const std::string line = receive();
  if (line.starts_with("ERROR")) {
    try {
      parse_ns3_event(line, 0);
    } catch (const PeerError& e) {
      fail(e.what());
    }
  }
  if (!line.starts_with("OK ")) fail(fmt::format("did not answer INIT with OK ({})", quote_line(line)));
  const auto answer = nlohmann::json::parse(line.substr(3), nullptr, false);
  const auto version = answer.is_object() ? answer.find("version") : answer.end();
  if (!answer.is_object() || version == answer.end() || *version != kVersion)
    fail(fmt::format("speaks another version of the protocol than {} ({}): build both from one version",
                     kVersion, quote_line(line)));
}

void Ns3Peer::command(std::string_view verb, SimTime time, nlohmann::json arguments) {
  arguments["t_ns"] = time.count_ns();
  commands_ += fmt::format("{} {}\n", verb, arguments.dump());
}

const std::vector<Ns3Event>& Ns3Peer::advance(SimTime to) {
  asked_ = to;
  events_.clear();
  commands_ += fmt::format("ADVANCE {{\"to_ns\":{}}}", to.count_ns());
  try {
    channel_->send(commands_, config_.timeout);
  } catch (const PeerError& e) {
    fail(e.what());
  }
  commands_.clear();
  for (;;) {
    const std::string line = receive();
    Ns3Event e;
    try {
      e = parse_ns3_event(line, config_.stations);
    } catch (const PeerError& error) {
      fail(error.what());
    }
    if (e.time != to)
      fail(fmt::format("says something of {} ns, but it was told to go to {} ns ({})", e.time.count_ns(),
                       to.count_ns(), quote_line(line)));
    if (e.kind == Ns3Event::Kind::complete) return events_;
    events_.push_back(std::move(e));
    if (events_.size() > most_events(config_.stations)) fail("sends events without end");
  }
}

void Ns3Peer::shut_down() noexcept {
  try {
    if (channel_) channel_->send("QUIT", config_.timeout);
  } catch (const std::exception&) {
    // It is on its way out one way or the other.
  }
  channel_.reset();
  if (child_) child_->finish(Duration::s(2));
}

}  // namespace xedgesim::nodes
