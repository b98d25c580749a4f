#pragma once
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "container/sandbox.h"
#include "lan/responder.h"
#include "live/tap_port.h"

namespace xedgesim::live {

/// dnsmasq in place of our responder's own answers: addresses and names for the machines of a network, from a
/// program that the field knows. It runs in namespaces of its own (container/sandbox.h), its network card has
/// the responder's addresses, and what a machine sends to them, by DHCP or in search of them goes there.
/// The fixed addresses and names are the same as the responder's.
///
/// Left out: addresses for anybody not listed, names outside of the network.
class Dnsmasq {
 public:
  struct Config {
    std::filesystem::path program{};
    std::filesystem::path folder{};  ///< for its configuration, leases and log
    std::function<void(net::ethernet::Mac to, const sim::Bytes& frame)>
        frame{};                                          ///< it sent one; also to all
    std::function<void(const std::string& why)> ended{};  ///< by itself: a sentence
  };
  /// Why this host cannot run it; empty when it can, and `program` is where it is.
  static std::string missing(std::filesystem::path& program);

  /// Returns when it has said that it is there. Throws SimulationError with its words when it does not start.
  Dnsmasq(EventLoop& loop, const lan::Responder& responder, Config config);
  ~Dnsmasq();
  Dnsmasq(const Dnsmasq&) = delete;
  Dnsmasq& operator=(const Dnsmasq&) = delete;

  /// True when the frame is meant for it; then it goes nowhere else.
  bool take(const sim::Bytes& frame);
  /// Times a machine was given its address, by its MAC.
  uint64_t leases(net::ethernet::Mac mac) const;
  const std::filesystem::path& log() const { return log_path_; }

 private:
  void write_configuration(const std::filesystem::path& file, const std::filesystem::path& leases) const;
  void wait_until_there();
  /// Takes what it has said. False when it says nothing any more.
  bool take_words();
  std::string last_words() const;

  EventLoop& loop_;
  const lan::Responder& responder_;
  Config config_;
  std::filesystem::path log_path_;
  std::ofstream log_;
  std::unique_ptr<container::Sandbox> sandbox_;
  std::unique_ptr<TapPort> card_;
  Descriptor words_;
  std::string line_, last_;
  bool there_ = false;
  std::map<net::ethernet::Mac, uint64_t> leases_;
};

}  // namespace xedgesim::live
