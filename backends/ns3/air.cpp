// Copyright the xedgesim authors
// SPDX-License-Identifier: GPL-2.0-only
#include "air.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/isotropic-antenna-model.h"
#include "ns3/log.h"
#include "ns3/lr-wpan-error-model.h"
#include "ns3/lr-wpan-spectrum-value-helper.h"
#include "ns3/packet.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/waypoint-mobility-model.h"

using namespace ns3;
using nlohmann::json;

namespace {

constexpr int64_t kHeaderNs = 192'000, kByteNs = 32'000, kCcaNs = 128'000;
constexpr int64_t kKeepNs = 64'000'000;  // longest energy detection that sees everything
constexpr int64_t kLastEventNs =
    10'000'000;                      // after which a PHY has no events left: a frame and a turnaround
constexpr double kBusyDbm = -96.58;  // what LrWpanPhy takes for busy

int64_t now_ns() { return Simulator::Now().GetNanoSeconds(); }
double mw(double dbm) { return std::pow(10.0, dbm / 10); }

Ptr<PropagationLossModel> path_loss(const json& a, const std::vector<Ptr<MobilityModel>>& places) {
  const std::string model = a.at("model");
  if (model == "log_distance") {
    Ptr<LogDistancePropagationLossModel> loss = CreateObject<LogDistancePropagationLossModel>();
    loss->SetPathLossExponent(a.at("exponent"));
    loss->SetReference(a.at("reference_distance_m"), a.at("reference_loss_db"));
    return loss;
  }
  if (model == "free_space") {
    Ptr<FriisPropagationLossModel> loss = CreateObject<FriisPropagationLossModel>();
    loss->SetFrequency(a.at("frequency_hz"));
    return loss;
  }
  if (model == "two_ray") {
    Ptr<TwoRayGroundPropagationLossModel> loss = CreateObject<TwoRayGroundPropagationLossModel>();
    loss->SetFrequency(a.at("frequency_hz"));
    loss->SetHeightAboveZ(a.at("height_above_z_m"));
    return loss;
  }
  if (model == "range") {
    Ptr<RangePropagationLossModel> loss = CreateObject<RangePropagationLossModel>();
    loss->SetAttribute("MaxRange", DoubleValue(a.at("max_range_m")));
    return loss;
  }
  if (model != "matrix") throw std::runtime_error("unknown path loss " + model);
  Ptr<MatrixPropagationLossModel> loss = CreateObject<MatrixPropagationLossModel>();
  loss->SetDefaultLoss(1000);
  for (const json& row : a.at("pairs"))
    loss->SetLoss(places.at(row.at(0)), places.at(row.at(1)), row.at(2), false);
  return loss;
}

Ptr<MobilityModel> place_of(const json& s) {
  const Vector at(s.at("x_m"), s.at("y_m"), s.at("z_m"));
  if (!s.contains("waypoints")) {
    Ptr<ConstantPositionMobilityModel> place = CreateObject<ConstantPositionMobilityModel>();
    place->SetPosition(at);
    return place;
  }
  Ptr<WaypointMobilityModel> place = CreateObject<WaypointMobilityModel>();
  if (s.at("waypoints").at(0).at(0) > 0) place->AddWaypoint(Waypoint(Seconds(0), at));
  for (const json& w : s.at("waypoints"))
    place->AddWaypoint(Waypoint(NanoSeconds(w.at(0).get<int64_t>()), Vector(w.at(1), w.at(2), w.at(3))));
  return place;
}

}  // namespace

Air::Air(const json& init, Report report) : report_(std::move(report)) {
  // ns-3's generator takes seeds up to 2^32 less some thousand.
  constexpr uint64_t kSeeds = 4294944443u - 1;
  const uint64_t seed = init.at("seed");
  RngSeedManager::SetSeed(static_cast<uint32_t>(1 + seed % kSeeds));
  RngSeedManager::SetRun(seed / kSeeds);
  noise_factor_ = mw(init.at("noise_figure_db"));
  channel_ = CreateObject<SingleModelSpectrumChannel>();
  std::vector<Ptr<MobilityModel>> places;
  for (const json& s : init.at("stations")) {
    Station station;
    station.place = place_of(s);
    station.gain_db = s.at("antenna_gain_db");
    station.channel = s.at("channel");
    station.stream = s.at("stream");
    places.push_back(station.place);
    stations_.push_back(std::move(station));
  }
  loss_ = path_loss(init.at("path_loss"), places);
  channel_->AddPropagationLossModel(loss_);
  for (size_t i = 0; i < stations_.size(); ++i) make_phy(i);
}

Air::~Air() { Simulator::Destroy(); }

Air::Station& Air::at(size_t station) {
  if (station >= stations_.size()) throw std::runtime_error("there is no station " + std::to_string(station));
  return stations_[station];
}

/// A new PHY in place of the station's: the only way to break off a transmission or to change the channel
/// that leaves no event of the old state behind (LrWpanPhy 3.37 aborts when the end of an aborted
/// transmission finds it receiving).
void Air::make_phy(size_t index) {
  Station& s = stations_[index];
  if (s.phy) {
    channel_->RemoveRx(s.phy);
    // Its last events come to nothing.
    s.phy->SetPdDataIndicationCallback(MakeNullCallback<void, uint32_t, Ptr<Packet>, uint8_t>());
    s.phy->SetPdDataConfirmCallback(MakeNullCallback<void, LrWpanPhyEnumeration>());
    s.phy->SetPlmeCcaConfirmCallback(MakeNullCallback<void, LrWpanPhyEnumeration>());
    ++s.stream;
    while (!retired_.empty() && retired_.front().first < now_ns() - kLastEventNs) retired_.pop_front();
    retired_.emplace_back(now_ns(), s.phy);
  }
  Ptr<LrWpanPhy> phy = CreateObject<LrWpanPhy>();
  s.phy = phy;
  s.transmitting = false;
  s.receiving = s.ended = 0;
  s.state = IEEE_802_15_4_PHY_TRX_OFF;
  LrWpanPhyPibAttributes pib{};
  pib.phyCurrentChannel = static_cast<uint8_t>(s.channel);
  phy->PlmeSetAttributeRequest(phyCurrentChannel, &pib);
  LrWpanSpectrumValueHelper helper;
  phy->SetTxPowerSpectralDensity(helper.CreateTxPowerSpectralDensity(0, static_cast<uint32_t>(s.channel)));
  Ptr<SpectrumValue> noise = helper.CreateNoisePowerSpectralDensity(static_cast<uint32_t>(s.channel));
  *noise *= noise_factor_;
  phy->SetNoisePowerSpectralDensity(noise);
  phy->SetErrorModel(CreateObject<LrWpanErrorModel>());
  phy->SetMobility(s.place);
  Ptr<IsotropicAntennaModel> antenna = CreateObject<IsotropicAntennaModel>();
  antenna->SetAttribute("Gain", DoubleValue(s.gain_db));
  phy->SetAntenna(antenna);
  phy->AssignStreams(s.stream);
  listen_to(index);
  phy->SetChannel(channel_);
  channel_->AddRx(phy);
  phy->PlmeSetTRXStateRequest(IEEE_802_15_4_PHY_RX_ON);
}

void Air::listen_to(size_t index) {
  const Ptr<LrWpanPhy> phy = stations_[index].phy;
  const auto mine = [this, index, raw = PeekPointer(phy)] {
    return PeekPointer(stations_[index].phy) == raw;
  };
  phy->SetPdDataIndicationCallback(
      Callback<void, uint32_t, Ptr<Packet>, uint8_t>([this, index](uint32_t, Ptr<Packet> p, uint8_t lqi) {
        if (const OnAir* packet = of(p)) received(index, packet->id, true, lqi);
      }));
  phy->SetPdDataConfirmCallback(Callback<void, LrWpanPhyEnumeration>([this, index](LrWpanPhyEnumeration) {
    Station& station = stations_[index];
    station.transmitting = false;
    // The PHY is still in BUSY_TX here and turns to the receiver by itself at the end of this event.
    Simulator::ScheduleNow(&Air::recover, this, index);
  }));
  phy->SetPlmeCcaConfirmCallback(Callback<void, LrWpanPhyEnumeration>(
      [this, index](LrWpanPhyEnumeration result) { cca_ended(index, result); }));
  phy->TraceConnectWithoutContext("TrxStateValue",
                                  Callback<void, LrWpanPhyEnumeration, LrWpanPhyEnumeration>(
                                      [this, index, mine](LrWpanPhyEnumeration, LrWpanPhyEnumeration to) {
                                        if (mine()) stations_[index].state = to;
                                      }));
  phy->TraceConnectWithoutContext("PhyRxBegin",
                                  Callback<void, Ptr<const Packet>>([this, index, mine](Ptr<const Packet> p) {
                                    if (mine()) reception_began(index, p);
                                  }));
  phy->TraceConnectWithoutContext(
      "PhyRxEnd", Callback<void, Ptr<const Packet>, double>([this, index, mine](Ptr<const Packet> p, double) {
        if (mine()) reception_ended(index, p);
      }));
  phy->TraceConnectWithoutContext("PhyRxDrop",
                                  Callback<void, Ptr<const Packet>>([this, index, mine](Ptr<const Packet> p) {
                                    const OnAir* packet = mine() ? of(p) : nullptr;
                                    if (packet && stations_[index].ended == packet->id)
                                      received(index, packet->id, false, 0);
                                  }));
}

/// Ends a run once nothing else happens at this instant.
void Air::fence() {
  const uint64_t seen = Simulator::GetEventCount();
  const bool alone = seen == fence_seen_ + 1;
  fence_seen_ = seen;
  if (alone)
    Simulator::Stop();
  else
    Simulator::ScheduleNow(&Air::fence, this);
}

void Air::run_to(int64_t t_ns) {
  if (t_ns < now_ns())
    throw std::runtime_error("time would go back from " + std::to_string(now_ns()) + " to " +
                             std::to_string(t_ns) + " ns");
  fence_seen_ = 0;
  Simulator::Schedule(NanoSeconds(t_ns - now_ns()), &Air::fence, this);
  Simulator::Run();
  while (!air_.empty() && air_.front().end_ns < t_ns - kKeepNs) air_.pop_front();
}

const Air::OnAir* Air::find(int64_t id) const {
  const auto it =
      std::lower_bound(air_.begin(), air_.end(), id, [](const OnAir& a, int64_t i) { return a.id < i; });
  return it == air_.end() || it->id != id ? nullptr : &*it;
}

const Air::OnAir* Air::of(Ptr<const Packet> packet) const {
  const auto it = packets_.find(packet->GetUid());
  return it == packets_.end() ? nullptr : find(it->second);
}

void Air::transmit(size_t index, const Frame& p) {
  Station& s = at(index);
  if (p.psdu.empty() || p.psdu.size() > 127) throw std::runtime_error("a PSDU has 1 to 127 bytes");
  if (!air_.empty() && p.id <= air_.back().id) throw std::runtime_error("ids of packets must grow");
  if (s.transmitting) make_phy(index);
  s.phy->PlmeSetTRXStateRequest(IEEE_802_15_4_PHY_FORCE_TRX_OFF);
  s.phy->PlmeSetTRXStateRequest(IEEE_802_15_4_PHY_TX_ON);
  s.receiving = s.ended = 0;
  LrWpanSpectrumValueHelper helper;
  s.phy->SetTxPowerSpectralDensity(
      helper.CreateTxPowerSpectralDensity(p.power_dbm, static_cast<uint32_t>(s.channel)));
  const auto size = static_cast<int64_t>(p.psdu.size());
  air_.push_back({p.id, now_ns(), now_ns() + kHeaderNs + size * kByteNs, index, s.channel, p.power_dbm,
                  p.header, p.psdu});
  Ptr<ns3::Packet> packet = Create<ns3::Packet>(p.psdu.data(), static_cast<uint32_t>(p.psdu.size()));
  packets_[packet->GetUid()] = p.id;
  while (!packets_.empty() && packets_.begin()->second < air_.front().id) packets_.erase(packets_.begin());
  s.transmitting = true;
  s.phy->PdDataRequest(static_cast<uint32_t>(size), packet);
  if (s.state != IEEE_802_15_4_PHY_BUSY_TX) throw std::runtime_error("ns-3's PHY does not transmit");
}

void Air::tune(size_t index, int channel) {
  if (channel < 11 || channel > 26)
    throw std::runtime_error("there is no channel " + std::to_string(channel));
  Station& s = at(index);
  if (s.channel == channel) return;
  s.channel = channel;
  make_phy(index);
}

void Air::abort(size_t index) {
  const Station& s = at(index);
  if (!s.transmitting) return;
  // ns-3 cannot take back what is on the air: others go on hearing it, and xedgesim spoils what they receive.
  make_phy(index);
}

/// After a transmission; also when LrWpanPhy 3.37 stays in BUSY_RX for good, which it does when a reception
/// that a transmission broke off ends after the next one has begun.
void Air::recover(size_t index) {
  Station& s = stations_[index];
  if (s.transmitting) return;
  if (s.state == IEEE_802_15_4_PHY_BUSY_RX && s.receiving == 0)
    s.phy->PlmeSetTRXStateRequest(IEEE_802_15_4_PHY_FORCE_TRX_OFF);
  if (s.state == IEEE_802_15_4_PHY_TX_ON || s.state == IEEE_802_15_4_PHY_TRX_OFF)
    s.phy->PlmeSetTRXStateRequest(IEEE_802_15_4_PHY_RX_ON);
}

void Air::reception_began(size_t index, Ptr<const ns3::Packet> p) {
  const OnAir* packet = of(p);
  if (!packet) return;
  stations_[index].receiving = packet->id;
  if (packet->header)
    Simulator::Schedule(NanoSeconds(kHeaderNs), &Air::header_ended, this, index, packet->id);
}

void Air::header_ended(size_t index, int64_t id) {
  if (stations_[index].receiving != id) return;
  report_("FRAME_START", {{"t_ns", now_ns()},
                          {"station", index},
                          {"id", id},
                          {"rssi_dbm", 10 * std::log10(level_mw(index, now_ns() - kCcaNs, now_ns()))}});
}

void Air::reception_ended(size_t index, Ptr<const ns3::Packet> p) {
  Station& s = stations_[index];
  const OnAir* packet = of(p);
  if (!packet || s.receiving != packet->id) return;
  s.ended = packet->id;
  s.receiving = 0;
  Simulator::ScheduleNow(&Air::recover, this, index);
}

void Air::received(size_t index, int64_t id, bool ok, int lqi) {
  if (stations_[index].ended != id) return;
  stations_[index].ended = 0;
  const OnAir& packet = *find(id);
  json event = {{"t_ns", now_ns()}, {"station", index}, {"id", id},
                {"ok", ok},         {"lqi", lqi},       {"rssi_dbm", received_dbm(packet, index)}};
  if (ok) event["psdu"] = encode_base64(packet.psdu);
  report_("PACKET_RX", event);
}

void Air::clear_channel_assessment(size_t index, int64_t token) {
  Station& s = at(index);
  const int64_t due = now_ns() + kCcaNs;
  if (s.state == IEEE_802_15_4_PHY_RX_ON || s.state == IEEE_802_15_4_PHY_BUSY_RX) {
    s.ccas.push_back({due, token});
    s.phy->PlmeCcaRequest();
  } else {  // on its way to RX_ON: LrWpanPhy would refuse
    Simulator::Schedule(NanoSeconds(kCcaNs), &Air::cca_by_level, this, index, token);
  }
}

void Air::cca_ended(size_t index, LrWpanPhyEnumeration result) {
  Station& s = stations_[index];
  // One that was started anew before its end is answered for both.
  while (!s.ccas.empty() && s.ccas.front().due_ns < now_ns()) s.ccas.pop_front();
  if (s.ccas.empty() || s.ccas.front().due_ns != now_ns()) return;
  report_("CCA_DONE", {{"t_ns", now_ns()},
                       {"station", index},
                       {"token", s.ccas.front().token},
                       {"busy", result != IEEE_802_15_4_PHY_IDLE},
                       {"dbm", 10 * std::log10(level_mw(index, now_ns() - kCcaNs, now_ns()))}});
  s.ccas.pop_front();
}

void Air::cca_by_level(size_t index, int64_t token) {
  const double dbm = 10 * std::log10(level_mw(index, now_ns() - kCcaNs, now_ns()));
  report_(
      "CCA_DONE",
      {{"t_ns", now_ns()}, {"station", index}, {"token", token}, {"busy", dbm >= kBusyDbm}, {"dbm", dbm}});
}

void Air::measure(size_t index, int64_t duration_ns, int64_t token) {
  at(index);
  if (duration_ns < 0) throw std::runtime_error("a measurement cannot last less than nothing");
  const int64_t begin = now_ns();
  Simulator::Schedule(NanoSeconds(duration_ns), [this, index, token, begin] {
    const int64_t end = now_ns();
    double highest = 0;
    if (end - begin < kCcaNs) highest = level_mw(index, end, end + 1);
    for (int64_t t = begin; t + kCcaNs <= end; t += kCcaNs)
      highest = std::max(highest, level_mw(index, t, t + 2 * kCcaNs <= end ? t + kCcaNs : end));
    report_("LEVEL_DONE",
            {{"t_ns", end}, {"station", index}, {"token", token}, {"dbm", 10 * std::log10(highest)}});
  });
}

double Air::received_dbm(const OnAir& packet, size_t index) const {
  const Station &from = stations_[packet.station], &to = stations_[index];
  return loss_->CalcRxPower(packet.power_dbm + from.gain_db + to.gain_db, from.place, to.place);
}

/// Mean power in the station's channel, noise included.
double Air::level_mw(size_t index, int64_t from_ns, int64_t to_ns) const {
  const Station& s = stations_[index];
  LrWpanSpectrumValueHelper helper;
  const auto channel = static_cast<uint32_t>(s.channel);
  double sum =
      1000 * noise_factor_ *
      LrWpanSpectrumValueHelper::TotalAvgPower(helper.CreateNoisePowerSpectralDensity(channel), channel);
  for (const OnAir& p : air_) {
    const int64_t overlap = std::min(p.end_ns, to_ns) - std::max(p.start_ns, from_ns);
    if (overlap <= 0 || p.station == index || p.channel != s.channel) continue;
    sum += mw(received_dbm(p, index)) * static_cast<double>(overlap) / static_cast<double>(to_ns - from_ns);
  }
  return sum;
}

namespace {
constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string encode_base64(const std::vector<uint8_t>& bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = static_cast<uint32_t>(bytes[i]) << 16;
    if (i + 1 < bytes.size()) group |= static_cast<uint32_t>(bytes[i + 1]) << 8;
    if (i + 2 < bytes.size()) group |= bytes[i + 2];
    out += kDigits[group >> 18];
    out += kDigits[group >> 12 & 63];
    out += i + 1 < bytes.size() ? kDigits[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kDigits[group & 63] : '=';
  }
  return out;
}

std::vector<uint8_t> decode_base64(const std::string& text) {
  std::vector<uint8_t> out;
  if (text.size() % 4 != 0) throw std::runtime_error("a payload that is no base64 text");
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t group = 0;
    int bytes = 3;
    for (size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      if (c == '=' && i + 4 == text.size() && k >= 2 && (k == 3 || text[i + 3] == '=')) {
        --bytes;
        group <<= 6;
        continue;
      }
      const char* digit = c == '\0' ? nullptr : std::strchr(kDigits, c);
      if (!digit) throw std::runtime_error("a payload that is no base64 text");
      group = group << 6 | static_cast<uint32_t>(digit - kDigits);
    }
    for (int k = 0; k < bytes; ++k) out.push_back(static_cast<uint8_t>(group >> (16 - 8 * k)));
  }
  return out;
}
