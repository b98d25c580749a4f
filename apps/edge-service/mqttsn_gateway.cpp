// MQTT-SN 1.2 over UDP: forwarder encapsulation (clause 5.5) around PUBLISH (5.4.12) with predefined topic
// ids. Left out: connections, other qualities of service, topic registration; a node that asks for them is
// not answered.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "mqtt_client.h"
#include "services.h"

namespace edge {
namespace {

constexpr uint8_t kForwarded = 0xfe, kPublishType = 0x0c, kQosMinus1Predefined = 0x61;
constexpr size_t kForwardHead = 3, kPublishHead = 7;

std::string hex(std::span<const uint8_t> bytes) {
  std::string out;
  char digits[3];
  for (const uint8_t b : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", b);
    out += digits;
  }
  return out;
}

struct Forwarded {
  std::span<const uint8_t> node, data;
  unsigned topic = 0;
};

bool parse(std::span<const uint8_t> p, Forwarded& out) {
  if (p.size() < kForwardHead || p[1] != kForwarded || p[0] <= kForwardHead || p[0] >= p.size()) return false;
  out.node = p.subspan(kForwardHead, p[0] - kForwardHead);
  const auto message = p.subspan(p[0]);
  if (message.size() < kPublishHead || message[0] != message.size() || message[1] != kPublishType)
    return false;
  if ((message[2] & 0x63) != kQosMinus1Predefined && (message[2] & 0x63) != 0x01) return false;
  out.topic = static_cast<unsigned>(message[3]) << 8 | message[4];
  out.data = message.subspan(kPublishHead);
  return true;
}

/// "back/<node>/<topic id>" -> a datagram for the node's forwarder; empty for another topic.
Bytes encapsulate(const std::string& topic, std::span<const uint8_t> payload, std::string& node) {
  const size_t first = topic.find('/'), second = topic.find('/', first + 1);
  if (second == std::string::npos || payload.size() > 255 - kPublishHead) return {};
  node = topic.substr(first + 1, second - first - 1);
  const unsigned id = static_cast<unsigned>(std::strtoul(topic.c_str() + second + 1, nullptr, 10));
  Bytes out{static_cast<uint8_t>(kForwardHead + node.size() / 2), kForwarded, 0};
  for (size_t i = 0; i + 1 < node.size(); i += 2)
    out.push_back(static_cast<uint8_t>(std::strtoul(node.substr(i, 2).c_str(), nullptr, 16)));
  const Bytes head{static_cast<uint8_t>(kPublishHead + payload.size()),
                   kPublishType,
                   kQosMinus1Predefined,
                   static_cast<uint8_t>(id >> 8),
                   static_cast<uint8_t>(id),
                   0,
                   0};
  out.insert(out.end(), head.begin(), head.end());
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

}  // namespace

void run_mqttsn_gateway() {
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_port = htons(kForwarderPort);
  if (bind(udp, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
    give_up("cannot listen for forwarders");
  MqttClient broker("mqttsn-gateway", broker_port());
  broker.subscribe("back/+/+");
  std::printf("edge-service: MQTT-SN gateway ready\n");
  std::fflush(stdout);
  std::map<std::string, sockaddr_in> forwarders;  // by node
  pollfd fds[] = {{udp, POLLIN, 0}, {broker.fd(), POLLIN, 0}};
  for (;;) {
    poll(fds, 2, -1);
    if (fds[0].revents) {
      uint8_t datagram[1500];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t n =
          recvfrom(udp, datagram, sizeof datagram, 0, reinterpret_cast<sockaddr*>(&from), &size);
      Forwarded f;
      if (n > 0 && parse(std::span(datagram, static_cast<size_t>(n)), f)) {
        const std::string node = hex(f.node);
        forwarders[node] = from;
        broker.publish("sn/" + node + "/" + std::to_string(f.topic), f.data);
      }
    }
    if (fds[1].revents)
      broker.read([&](const std::string& topic, std::span<const uint8_t> payload) {
        std::string node;
        const Bytes datagram = encapsulate(topic, payload, node);
        const auto to = forwarders.find(node);
        if (datagram.empty() || to == forwarders.end()) return;
        sendto(udp, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&to->second),
               sizeof to->second);
      });
  }
}

}  // namespace edge
