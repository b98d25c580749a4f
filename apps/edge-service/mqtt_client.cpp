#include "mqtt_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace edge {
namespace {

// Packet types with their reserved flags: MQTT 3.1.1, table 2.1 and 2.2.
constexpr uint8_t kConnect = 0x10, kConnack = 0x20, kPublish = 0x30, kSubscribe = 0x82;

void put16(Bytes& out, size_t v) {
  out.push_back(static_cast<uint8_t>(v >> 8));
  out.push_back(static_cast<uint8_t>(v));
}

void put_text(Bytes& out, const std::string& text) {
  put16(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

}  // namespace

void give_up(const std::string& what) {
  std::fprintf(stderr, "edge-service: %s\n", what.c_str());
  std::exit(1);
}

MqttClient::MqttClient(const std::string& client_id, uint16_t port) {
  sockaddr_in broker{};
  broker.sin_family = AF_INET;
  broker.sin_port = htons(port);
  broker.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (;;) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&broker), sizeof broker) == 0) break;
    close(fd_);
    usleep(100'000);  // the broker is still starting
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Bytes body;
  put_text(body, "MQTT");
  body.insert(body.end(), {4, 2});  // level 3.1.1, clean session
  put16(body, 0);                   // no keep-alive
  put_text(body, client_id);
  send(kConnect, body);
  Bytes packet;
  while (!next(packet)) {
    uint8_t chunk[256];
    const ssize_t n = recv(fd_, chunk, sizeof chunk, 0);
    if (n <= 0) give_up("the broker closed the connection");
    buffer_.insert(buffer_.end(), chunk, chunk + n);
  }
  if (packet.size() < 3 || packet[0] != kConnack || packet[2] != 0)
    give_up("the broker refused the connection");
}

MqttClient::~MqttClient() { close(fd_); }

void MqttClient::send(uint8_t type, const Bytes& body) {
  Bytes packet{type};
  size_t length = body.size();
  do {
    packet.push_back(static_cast<uint8_t>((length & 0x7f) | (length > 0x7f ? 0x80 : 0)));
    length >>= 7;
  } while (length > 0);
  packet.insert(packet.end(), body.begin(), body.end());
  for (size_t sent = 0; sent < packet.size();) {
    const ssize_t n = ::send(fd_, packet.data() + sent, packet.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) give_up("the broker closed the connection");
    sent += static_cast<size_t>(n);
  }
}

void MqttClient::subscribe(const std::string& filter) {
  Bytes body;
  put16(body, ++packet_id_);
  put_text(body, filter);
  body.push_back(0);  // quality of service
  send(kSubscribe, body);
}

void MqttClient::publish(const std::string& topic, std::span<const uint8_t> payload) {
  Bytes body;
  put_text(body, topic);
  body.insert(body.end(), payload.begin(), payload.end());
  send(kPublish, body);
}

/// One whole packet from the buffer: its first byte, then its body behind one byte in place of the length.
bool MqttClient::next(Bytes& packet) {
  size_t length = 0, at = 1;
  for (int shift = 0;; shift += 7, ++at) {
    if (at >= buffer_.size()) return false;
    if (shift > 21) give_up("the broker sent a packet of impossible length");
    length |= static_cast<size_t>(buffer_[at] & 0x7f) << shift;
    if ((buffer_[at] & 0x80) == 0) break;
  }
  ++at;
  if (buffer_.size() < at + length) return false;
  packet.assign(1, buffer_[0]);
  packet.insert(packet.end(), buffer_.begin() + static_cast<long>(at),
                buffer_.begin() + static_cast<long>(at + length));
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<long>(at + length));
  return true;
}

void MqttClient::read(const std::function<void(const std::string&, std::span<const uint8_t>)>& handle) {
  uint8_t chunk[4096];
  const ssize_t n = recv(fd_, chunk, sizeof chunk, 0);
  if (n < 0 && errno == EINTR) return;
  if (n <= 0) give_up("the broker closed the connection");
  buffer_.insert(buffer_.end(), chunk, chunk + n);
  for (Bytes packet; next(packet);) {
    if ((packet[0] & 0xf0) != kPublish || packet.size() < 3) continue;  // a SUBACK, say
    const size_t topic = static_cast<size_t>(packet[1]) << 8 | packet[2];
    if (packet.size() < 3 + topic) give_up("the broker sent a publication without a topic");
    const std::string name(packet.begin() + 3, packet.begin() + static_cast<long>(3 + topic));
    handle(name, std::span(packet).subspan(3 + topic));
  }
}

}  // namespace edge
