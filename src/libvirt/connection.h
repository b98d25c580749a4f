#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xedgesim::libvirt {

class Connection;

/// A domain of libvirt. What libvirt refuses is a SimulationError with its own words; asking about a domain
/// that is gone is none.
class Domain {
 public:
  enum class State { running, paused, off, crashed, failed, gone };
  ~Domain();
  Domain(const Domain&) = delete;
  Domain& operator=(const Domain&) = delete;

  void start();
  void suspend();
  void resume();
  /// A command of QEMU's monitor, for which libvirt has no call of its own.
  void monitor(const std::string& json);
  void press_power_button();
  /// What libvirt says of it now, and why: "destroyed", "shut down by its guest" …
  State state(std::string* why = nullptr) const noexcept;
  /// Ends it, if it runs, and removes its definition.
  void remove() noexcept;

 private:
  friend class Connection;
  Domain(std::shared_ptr<void> connection, void* handle)
      : connection_(std::move(connection)), handle_(handle) {}
  std::shared_ptr<void> connection_;
  void* handle_;
};

/// A connection to libvirt's daemon on this host, by its C library.
class Connection {
 public:
  /// Why this build cannot; empty: it can.
  static std::string missing();
  /// $LIBVIRT_DEFAULT_URI, else qemu:///system for root and qemu:///session for everybody else.
  static std::string usual_uri();

  /// Throws ConfigError when nobody answers there, or when it is another host.
  explicit Connection(const std::string& uri = usual_uri());

  const std::string& uri() const { return uri_; }
  /// The user's own libvirt, which cannot set limits.
  bool is_session() const;
  /// It can be told as which user QEMU runs.
  bool sets_user() const;
  /// "QEMU 7.2.0, libvirt 9.0.0"
  std::string version() const;

  /// Throws ConfigError when libvirt does not take the XML, or has a domain of that name.
  std::unique_ptr<Domain> define(const std::string& xml);
  /// Null: there is none of that name.
  std::unique_ptr<Domain> find(const std::string& name) const;
  /// Names of the domains that say whom of us they belong to, and the owner they name.
  std::vector<std::pair<std::string, std::string>> owned() const;
  /// Owner in the definition of a domain; empty: it is nobody's of ours.
  std::string owner_of(const std::string& name) const;

 private:
  std::string uri_;
  std::shared_ptr<void> handle_;
};

}  // namespace xedgesim::libvirt
