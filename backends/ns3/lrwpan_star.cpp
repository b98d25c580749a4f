// Copyright the xedgesim authors
// SPDX-License-Identifier: GPL-2.0-only
//
// This program links ns-3 and is therefore under the GPL, version 2. Nothing of it is linked into xedgesim.
//
// The star of scenarios/reference/ns3-star.yaml in ns-3's lr-wpan, to compare figures and CPU time with:
//   lrwpan_star CSV [exponent [payload [reports [run]]]]
// reads columns x_m, y_m and phase_s, and prints one JSON object.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "ns3/constant-position-mobility-model.h"
#include "ns3/double.h"
#include "ns3/log.h"
#include "ns3/lr-wpan-net-device.h"
#include "ns3/node-container.h"
#include "ns3/packet.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/single-model-spectrum-channel.h"

using namespace ns3;

namespace {

struct Device {
  double x, y, phase;
  Ptr<LrWpanNetDevice> radio;
  std::vector<double> requested;
  std::vector<bool> arrived;
};

std::vector<Device> read(const std::string& name) {
  std::ifstream in(name);
  std::string line, cell;
  std::map<std::string, size_t> columns;
  std::vector<Device> out;
  if (!std::getline(in, line)) {
    std::fprintf(stderr, "lrwpan_star: cannot read '%s'\n", name.c_str());
    std::exit(3);
  }
  std::stringstream head(line);
  for (size_t i = 0; std::getline(head, cell, ','); ++i) columns[cell] = i;
  while (std::getline(in, line)) {
    std::vector<std::string> cells;
    std::stringstream s(line);
    while (std::getline(s, cell, ',')) cells.push_back(cell);
    const auto number = [&](const char* column) { return std::stod(cells.at(columns.at(column))); };
    out.push_back({number("x_m"), number("y_m"), number("phase_s"), nullptr, {}, {}});
  }
  return out;
}

Ptr<LrWpanNetDevice> radio_at(double x, double y, uint16_t address, Ptr<SingleModelSpectrumChannel> channel) {
  Ptr<Node> node = CreateObject<Node>();
  Ptr<LrWpanNetDevice> device = CreateObject<LrWpanNetDevice>();
  Ptr<ConstantPositionMobilityModel> place = CreateObject<ConstantPositionMobilityModel>();
  place->SetPosition(Vector(x, y, 0));
  device->SetChannel(channel);
  device->GetMac()->SetPanId(1);
  uint8_t bytes[2] = {static_cast<uint8_t>(address >> 8), static_cast<uint8_t>(address)};
  Mac16Address short_address;
  short_address.CopyFrom(bytes);
  device->GetMac()->SetShortAddress(short_address);
  node->AddDevice(device);
  device->GetPhy()->SetMobility(place);
  return device;
}

/// One a second; counts in `sent` when they are handed to the MAC. Both must outlive the simulation.
void schedule_reports(Device& d, int reports, int payload, int64_t& sent) {
  for (int k = 0; k < reports; ++k)
    Simulator::ScheduleWithContext(
        d.radio->GetNode()->GetId(), Seconds(1 + d.phase + k), [&d, &sent, k, payload] {
          std::vector<uint8_t> bytes(static_cast<size_t>(payload));
          for (int b = 0; b < 4; ++b) bytes[static_cast<size_t>(b)] = static_cast<uint8_t>(k >> (24 - 8 * b));
          McpsDataRequestParams params;
          params.m_dstPanId = 1;
          params.m_dstAddr = Mac16Address("00:00");
          params.m_txOptions = TX_OPTION_ACK;
          d.requested[static_cast<size_t>(k)] = Simulator::Now().GetSeconds();
          ++sent;
          d.radio->GetMac()->McpsDataRequest(params, Create<Packet>(bytes.data(), bytes.size()));
        });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: lrwpan_star CSV [exponent [payload [reports [run]]]]\n");
    return 3;
  }
  const auto argument = [&](int i, double fallback) { return argc > i ? std::atof(argv[i]) : fallback; };
  std::vector<Device> devices = read(argv[1]);
  const double exponent = argument(2, 3.0);
  const int payload = static_cast<int>(argument(3, 64)), reports = static_cast<int>(argument(4, 300));
  RngSeedManager::SetSeed(12345);
  RngSeedManager::SetRun(static_cast<uint64_t>(argument(5, 1)));

  Ptr<SingleModelSpectrumChannel> channel = CreateObject<SingleModelSpectrumChannel>();
  Ptr<LogDistancePropagationLossModel> loss = CreateObject<LogDistancePropagationLossModel>();
  loss->SetPathLossExponent(exponent);
  loss->SetReference(1.0, 40.0);
  channel->AddPropagationLossModel(loss);

  Ptr<LrWpanNetDevice> gateway = radio_at(0, 0, 0, channel);
  int64_t sent = 0, delivered = 0;
  double latency = 0;
  gateway->GetMac()->SetMcpsDataIndicationCallback(Callback<void, McpsDataIndicationParams, Ptr<Packet>>(
      [&](McpsDataIndicationParams params, Ptr<Packet> p) {
        uint8_t source[2], number[4];
        params.m_srcAddr.CopyTo(source);
        p->CopyData(number, 4);
        Device& d = devices.at(static_cast<size_t>(source[0] << 8 | source[1]) - 1);
        const size_t k = static_cast<size_t>(number[0]) << 24 | number[1] << 16 | number[2] << 8 | number[3];
        if (d.arrived.at(k)) return;
        d.arrived[k] = true;
        ++delivered;
        latency += Simulator::Now().GetSeconds() - d.requested[k];
      }));
  int64_t stream = gateway->AssignStreams(0);
  for (size_t i = 0; i < devices.size(); ++i) {
    Device& d = devices[i];
    d.radio = radio_at(d.x, d.y, static_cast<uint16_t>(i + 1), channel);
    stream += d.radio->AssignStreams(stream);
    d.requested.resize(static_cast<size_t>(reports));
    d.arrived.resize(static_cast<size_t>(reports));
    schedule_reports(d, reports, payload, sent);
  }
  Simulator::Stop(Seconds(reports + 3));
  Simulator::Run();
  const uint64_t events = Simulator::GetEventCount();
  Simulator::Destroy();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  std::printf(
      "{\"n\":%zu,\"sent\":%lld,\"delivered\":%lld,\"delivery_ratio\":%.5f,\"latency_mean_ms\":%.4f,"
      "\"events\":%llu,\"cpu_s\":%.3f}\n",
      devices.size(), static_cast<long long>(sent), static_cast<long long>(delivered),
      static_cast<double>(delivered) / static_cast<double>(std::max<int64_t>(sent, 1)),
      1000 * latency / static_cast<double>(std::max<int64_t>(delivered, 1)),
      static_cast<unsigned long long>(events), cpu);
}
