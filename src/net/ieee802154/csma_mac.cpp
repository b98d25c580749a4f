#include "net/ieee802154/csma_mac.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace xedgesim::net::ieee802154 {
namespace {

// Timers of the MAC, posted to its owner as EventKind::timer; args[3] is the epoch.
constexpr uint32_t kAckTimeout = 0x300;
constexpr uint32_t kIfsOver = 0x301;
constexpr uint32_t kFrameSent = 0x302;
constexpr uint32_t kAckSent = 0x303;

// So weak that no receiver takes notice.
constexpr int64_t kIsolatedPower = -30000;

bool in(int v, int lo, int hi) { return v >= lo && v <= hi; }

MacConfig checked(MacConfig c) {
  frequency_mhz(c.radio_channel);
  const auto refuse = [&](std::string_view what) {
    throw ConfigError(fmt::format("The MAC of '{}' cannot be set up: {}.", c.name, what));
  };
  if (!in(c.max_be, 3, 8)) refuse("macMaxBE must be 3 to 8");
  if (!in(c.min_be, 0, c.max_be)) refuse("macMinBE must be 0 to macMaxBE");
  if (!in(c.max_csma_backoffs, 0, 5)) refuse("macMaxCSMABackoffs must be 0 to 5");
  if (!in(c.max_frame_retries, 0, 7)) refuse("macMaxFrameRetries must be 0 to 7");
  if (c.queue_limit < 1) refuse("the queue must hold at least one frame");
  if (!std::isfinite(c.tx_power_dbm) || std::abs(c.tx_power_dbm) > 100)
    refuse("the transmit power must be within +-100 dBm");
  return c;
}

}  // namespace

int frequency_mhz(int radio_channel) {
  if (!in(radio_channel, 11, 26))
    throw ConfigError(fmt::format("{} is not a 2.4 GHz 802.15.4 channel: choose 11 to 26.", radio_channel));
  return 2405 + 5 * (radio_channel - 11);
}

std::string_view to_string(TxStatus status) {
  switch (status) {
    case TxStatus::success:
      return "success";
    case TxStatus::no_ack:
      return "no acknowledgement";
    case TxStatus::channel_access_failure:
      return "channel access failure";
    case TxStatus::queue_full:
      return "queue full";
  }
  return "?";
}

CsmaMac::CsmaMac(MacConfig config, MacUser& user)
    : config_(checked(std::move(config))),
      user_(user),
      random_(config_.seed, config_.name, "mac.backoff"),
      frequency_(frequency_mhz(config_.radio_channel)),
      sequence_(config_.first_sequence.value_or(
          static_cast<uint8_t>(RandomStream(config_.seed, config_.name, "mac.dsn").below(256)))) {}

void CsmaMac::start(sim::EventContext& context) {
  if (config_.rx_on_when_idle) listen(context.now(), SimTime::zero(), context);
}

void CsmaMac::post_radio(air::Code code, SimTime when, std::array<int64_t, 4> args, sim::SharedBytes data,
                         sim::EventContext& context) {
  context.post(air::make(code, sim::EventKind::state, when, config_.channel, args, std::move(data)));
}

void CsmaMac::transmit(SimTime begin, sim::SharedBytes psdu, sim::EventContext& context) {
  statistics_.bytes_sent += static_cast<int64_t>(psdu->size());
  statistics_.transmitting += air::frame_duration(static_cast<int64_t>(psdu->size()));
  const int64_t power = isolated_ ? kIsolatedPower : std::lround(config_.tx_power_dbm * 100);
  post_radio(air::Code::tx_start, begin, {frequency_, power}, std::move(psdu), context);
}

void CsmaMac::stop(sim::EventContext& context) {
  ++epoch_;
  queue_.clear();
  state_ = State::idle;
  retries_ = 0;
  retry_after_ack_ = false;
  post_radio(air::Code::unlisten, context.now(), {}, nullptr, context);
  post_radio(air::Code::tx_abort, context.now(), {}, nullptr, context);
}

void CsmaMac::listen(SimTime when, SimTime acks_until, sim::EventContext& context) {
  const air::Filter filter =
      acks_until > SimTime::zero() ? air::Filter::addressed_and_acks : air::Filter::addressed;
  post_radio(air::Code::listen, when,
             {frequency_, static_cast<int64_t>(filter), int64_t{config_.pan_id} << 16 | config_.short_address,
              acks_until.since_start().count_ns()},
             nullptr, context);
}

void CsmaMac::arm(uint32_t code, SimTime when, sim::EventContext& context) {
  context.post(sim::Event{.time = when,
                          .kind = sim::EventKind::timer,
                          .target = config_.self,
                          .code = code,
                          .args = {0, 0, 0, epoch_},
                          .data = nullptr});
}

uint64_t CsmaMac::send(uint16_t destination, std::span<const uint8_t> payload, bool ack_request,
                       sim::EventContext& context) {
  const uint64_t handle = next_handle_++;
  ++statistics_.requests;
  if (queue_.size() >= static_cast<size_t>(config_.queue_limit)) {
    ++statistics_.queue_drops;
    user_.mac_confirmed({.handle = handle, .status = TxStatus::queue_full}, context);
    return handle;
  }
  const Header header{.ack_request = ack_request && destination != kBroadcast,
                      .sequence = sequence_,
                      .destination = Address::make_short(config_.pan_id, destination),
                      .source = Address::make_short(config_.pan_id, config_.short_address)};
  queue_.push_back({.handle = handle,
                    .psdu = std::make_shared<sim::Bytes>(build(header, payload)),
                    .sequence = sequence_++,
                    .ack_request = header.ack_request});
  if (state_ == State::idle) begin_csma(context);
  return handle;
}

void CsmaMac::begin_csma(sim::EventContext& context) {
  ++epoch_;
  nb_ = 0;
  be_ = config_.min_be;
  back_off(context);
}

void CsmaMac::back_off(sim::EventContext& context) {
  state_ = State::backoff;
  const Duration wait = kUnitBackoff * static_cast<int64_t>(random_.below(1u << be_));
  ++queue_.front().cca_attempts;
  ++statistics_.cca_attempts;
  statistics_.receiving += air::kCcaTime;
  post_radio(air::Code::cca_start, context.now() + wait,
             {frequency_, static_cast<int64_t>(config_.cca_mode),
              std::lround(config_.cca_threshold_dbm * 100), epoch_},
             nullptr, context);
}

void CsmaMac::cca_done(bool busy, sim::EventContext& context) {
  if (busy) {
    ++statistics_.cca_busy;
    be_ = std::min(be_ + 1, config_.max_be);
    if (++nb_ > config_.max_csma_backoffs) return finish(TxStatus::channel_access_failure, context);
    return back_off(context);
  }
  // The receiver is deaf from here on; the first symbol leaves a turnaround later.
  Pending& p = queue_.front();
  ++p.transmissions;
  ++statistics_.transmissions;
  const SimTime begin = context.now() + kTurnaround;
  const SimTime end = begin + air::frame_duration(static_cast<int64_t>(p.psdu->size()));
  if (config_.rx_on_when_idle) post_radio(air::Code::unlisten, context.now(), {}, nullptr, context);
  transmit(begin, p.psdu, context);
  if (p.ack_request) {
    state_ = State::ack_wait;
    sent_at_ = end;
    listen(end + kTurnaround, end + kAckWait, context);
    arm(kAckTimeout, end + kAckWait, context);
  } else {
    state_ = State::sending;
    if (config_.rx_on_when_idle) listen(end + kTurnaround, SimTime::zero(), context);
    arm(kFrameSent, end, context);
  }
}

void CsmaMac::retry(sim::EventContext& context) {
  if (retries_ >= config_.max_frame_retries) return finish(TxStatus::no_ack, context);
  ++retries_;
  ++statistics_.retries;
  if (!config_.rx_on_when_idle) post_radio(air::Code::unlisten, context.now(), {}, nullptr, context);
  begin_csma(context);
}

void CsmaMac::finish(TxStatus status, sim::EventContext& context) {
  ++epoch_;
  const Pending p = std::move(queue_.front());
  queue_.pop_front();
  retries_ = 0;
  switch (status) {
    case TxStatus::success:
      ++statistics_.confirmed_ok;
      break;
    case TxStatus::no_ack:
      ++statistics_.no_ack;
      break;
    case TxStatus::channel_access_failure:
      ++statistics_.access_failures;
      break;
    case TxStatus::queue_full:
      break;
  }
  // The inter-frame space follows a transmission that went well; it must be known before the user may send
  // again.
  const bool space = status == TxStatus::success;
  state_ = space ? State::ifs : State::idle;
  if (space) {
    const bool is_short = p.psdu->size() <= kMaxSifsFrame;
    arm(kIfsOver, context.now() + (is_short ? kSifs : kLifs), context);
  }
  if (!config_.rx_on_when_idle) post_radio(air::Code::unlisten, context.now(), {}, nullptr, context);
  user_.mac_confirmed({.handle = p.handle,
                       .status = status,
                       .sequence = p.sequence,
                       .transmissions = p.transmissions,
                       .cca_attempts = p.cca_attempts},
                      context);
  if (!space && state_ == State::idle) next(context);
}

void CsmaMac::next(sim::EventContext& context) {
  state_ = State::idle;
  if (!queue_.empty()) begin_csma(context);
}

bool CsmaMac::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind == sim::EventKind::timer) {
    if (e.code < kAckTimeout || e.code > kAckSent) return false;
    if (e.args[3] != epoch_) return true;
    switch (e.code) {
      case kAckTimeout:
        end_ack_wait(context.now());
        retry(context);
        break;
      case kIfsOver:
        next(context);
        break;
      case kFrameSent:
        finish(TxStatus::success, context);
        break;
      default:
        after_ack(context);
        break;
    }
    return true;
  }
  if (e.kind != sim::EventKind::delivery || e.source != config_.channel) return false;
  if (e.code == static_cast<uint32_t>(air::Code::cca_result)) {
    if (state_ == State::backoff && e.args[3] == epoch_) cca_done(e.args[0] != 0, context);
  } else if (e.code == static_cast<uint32_t>(air::Code::frame_end)) {
    frame_received(e, context);
  }
  return true;
}

void CsmaMac::frame_received(const sim::Event& e, sim::EventContext& context) {
  if (isolated_) return;
  const auto frame = e.args[0] ? parse(*e.data) : std::nullopt;
  if (!frame) {
    ++statistics_.broken;
    return;
  }
  const Header& h = frame->header;
  if (h.type == FrameType::ack) {
    if (state_ == State::ack_wait) ack_received(h.sequence, context);
    return;
  }
  const bool pan = h.destination.pan_id == config_.pan_id || h.destination.pan_id == kBroadcast;
  const bool unicast = h.destination == Address::make_short(config_.pan_id, config_.short_address);
  const bool broadcast =
      h.destination.mode == AddressMode::short_address && h.destination.value == kBroadcast && pan;
  if (!unicast && !broadcast) return;
  // A frame that ended at the very instant the channel was found clear comes too late to be acknowledged.
  const bool transmitting = state_ == State::sending || state_ == State::sending_ack;
  if (unicast && h.ack_request && !transmitting) send_ack(h.sequence, context);
  if (config_.suppress_duplicates && h.type == FrameType::data) {
    const uint64_t key = h.source.mode == AddressMode::extended
                             ? h.source.value
                             : uint64_t{h.source.pan_id} << 16 | h.source.value;
    const auto [it, fresh] = last_sequence_.try_emplace(key, h.sequence);
    if (!fresh && it->second == h.sequence) {
      ++statistics_.duplicates;
      return;
    }
    it->second = h.sequence;
  }
  ++statistics_.received;
  user_.mac_received({.frame = *frame,
                      .rssi_cdbm = static_cast<int>(e.args[1]),
                      .lqi = static_cast<uint8_t>(e.args[2]),
                      .psdu = e.data},
                     context);
}

void CsmaMac::ack_received(uint8_t sequence, sim::EventContext& context) {
  const bool right = sequence == queue_.front().sequence;
  end_ack_wait(context.now());
  ++(right ? statistics_.acks_received : statistics_.wrong_acks);
  if (config_.rx_on_when_idle) listen(context.now(), SimTime::zero(), context);
  if (right) return finish(TxStatus::success, context);
  retry(context);
}

void CsmaMac::send_ack(uint8_t sequence, sim::EventContext& context) {
  // An acknowledgement goes before everything; the frame being tried starts anew after it, and one that was
  // waiting for its own acknowledgement counts as lost.
  retry_after_ack_ = state_ == State::ack_wait;
  ++epoch_;
  ++statistics_.acks_sent;
  state_ = State::sending_ack;
  auto psdu = std::make_shared<sim::Bytes>(build_ack(sequence));
  const SimTime begin = context.now() + kTurnaround;
  const SimTime end = begin + air::frame_duration(static_cast<int64_t>(psdu->size()));
  post_radio(air::Code::unlisten, context.now(), {}, nullptr, context);
  transmit(begin, std::move(psdu), context);
  listen(end + kTurnaround, SimTime::zero(), context);
  arm(kAckSent, end, context);
}

void CsmaMac::after_ack(sim::EventContext& context) {
  if (retry_after_ack_) return retry(context);
  next(context);
}

}  // namespace xedgesim::net::ieee802154
