#include "vm/vt_channel.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace xedgesim::vm {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 30;

[[noreturn]] void nonsense(const std::string& what) {
  throw SimulationError(fmt::format("its virtual-time plugin {}: build plugin and program together", what));
}

}  // namespace

VtChannel::VtChannel(Descriptor socket, Duration patience) : socket_(std::move(socket)), patience_(patience) {
  const int64_t us = patience.count_ns() / 1000;
  const timeval t{.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

bool VtChannel::receive_all(void* data, size_t length) {
  auto* p = static_cast<char*>(data);
  while (length > 0) {
    const ssize_t n = recv(socket_.get(), p, length, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      throw SimulationError(fmt::format("it did not answer within {:g} s", patience_.count_s()));
    if (n <= 0) return false;
    p += n;
    length -= static_cast<size_t>(n);
  }
  return true;
}

bool VtChannel::send_all(const void* data, size_t length) {
  const auto* p = static_cast<const char*>(data);
  while (length > 0) {
    const ssize_t n = send(socket_.get(), p, length, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    p += n;
    length -= static_cast<size_t>(n);
  }
  return true;
}

VtChannel::Standing VtChannel::receive(std::vector<Record>& sent) {
  vt::Report report;
  std::vector<uint8_t> body;
  const auto off = [&] {
    standing_.off = true;
    return standing_;
  };
  if (!receive_all(&report, sizeof report)) return off();
  if (report.bytes > kMostBytes) nonsense(fmt::format("announces {} bytes", report.bytes));
  body.resize(report.bytes);
  if (!receive_all(body.data(), body.size())) return off();
  for (size_t at = 0; at < body.size();) {
    vt::Record head;
    if (body.size() - at < sizeof head) nonsense("sent half a record");
    std::memcpy(&head, body.data() + at, sizeof head);
    at += sizeof head;
    if (head.length > vt::kLongestRecord || head.length > body.size() - at)
      nonsense("sent a record too long");
    if (head.time < latest_) nonsense("stamped a record with a time before the one before it");
    latest_ = head.time;
    const auto* bytes = body.data() + at;
    sent.push_back({head.time, head.type, {bytes, bytes + head.length}, head.card});
    at += head.length;
  }
  if (report.type == vt::ReportType::hello) {
    if (report.now != vt::kVersion)
      nonsense(fmt::format("speaks version {}, not {}", report.now, vt::kVersion));
    return standing_;
  }
  if (report.type != vt::ReportType::boundary && report.type != vt::ReportType::goodbye)
    nonsense("sent a report of an unknown kind");
  if (report.now < standing_.now) nonsense("says that time went back");
  standing_ = {.off = report.type == vt::ReportType::goodbye,
               .idle = report.idle != 0,
               .now = report.now,
               .next = report.next,
               .instructions = report.instructions,
               .waiting = report.waiting > 0};
  return standing_;
}

VtChannel::Standing VtChannel::meet(std::vector<Record>& sent) {
  receive(sent);
  return standing_.off ? standing_ : receive(sent);
}

VtChannel::Standing VtChannel::go(Leave leave, const std::vector<Record>& inputs, std::vector<Record>& sent) {
  vt::Order order{.type = vt::OrderType::go, .until = leave.until, .window = leave.window};
  for (const Record& r : inputs) order.bytes += sizeof(vt::Record) + r.bytes.size();
  std::vector<uint8_t> message(sizeof order + order.bytes);
  std::memcpy(message.data(), &order, sizeof order);
  size_t at = sizeof order;
  for (const Record& r : inputs) {
    const vt::Record head{
        .time = r.time, .type = r.type, .length = static_cast<uint32_t>(r.bytes.size()), .card = r.card};
    std::memcpy(message.data() + at, &head, sizeof head);
    at += sizeof head;
    if (!r.bytes.empty()) std::memcpy(message.data() + at, r.bytes.data(), r.bytes.size());
    at += r.bytes.size();
  }
  // When it no longer listens, what it said before it went is still to be read.
  send_all(message.data(), message.size());
  return receive(sent);
}

std::string VtChannel::unfinished_line() {
  const vt::Order order{.type = vt::OrderType::tell};
  send_all(&order, sizeof order);
  std::vector<Record> said;
  receive(said);
  std::string line;
  for (const Record& r : said)
    if (r.type == vt::RecordType::partial) line.assign(r.bytes.begin(), r.bytes.end());
  return line;
}

void VtChannel::quit() noexcept {
  const vt::Order order{.type = vt::OrderType::quit};
  send_all(&order, sizeof order);
}

}  // namespace xedgesim::vm
