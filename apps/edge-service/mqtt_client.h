#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace edge {

using Bytes = std::vector<uint8_t>;

/// A client of MQTT 3.1.1 at quality of service 0 over TCP, for programs beside their broker. A broken
/// connection ends the program: init starts it again.
class MqttClient {
 public:
  /// Waits until the broker at 127.0.0.1 answers.
  MqttClient(const std::string& client_id, uint16_t port);
  ~MqttClient();
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  void subscribe(const std::string& filter);
  void publish(const std::string& topic, std::span<const uint8_t> payload);

  int fd() const { return fd_; }
  /// Reads what has come (fd() is readable) and hands every publication over.
  void read(const std::function<void(const std::string& topic, std::span<const uint8_t> payload)>& handle);

 private:
  void send(uint8_t type, const Bytes& body);
  bool next(Bytes& packet);

  int fd_ = -1;
  uint16_t packet_id_ = 0;
  Bytes buffer_;
};

/// Says it on stderr and ends the program.
[[noreturn]] void give_up(const std::string& what);

}  // namespace edge
