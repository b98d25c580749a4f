#pragma once
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <string>

#include "base/descriptor.h"

namespace xedgesim::testing {

constexpr const char* kOutside = "198.51.100.7";  // of RFC 5737, here an address of the namespace's loopback

/// This thread, and what it starts, in a network namespace of its own, for as long as it lives.
class OwnNetwork {
 public:
  OwnNetwork() : before_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    made_ = unshare(CLONE_NEWNET) == 0;
    if (!made_) return;
    run("ip link set lo up");
    run(std::string("ip addr add ") + kOutside + "/32 dev lo");
  }
  ~OwnNetwork() {
    if (made_) {
      EXPECT_EQ(setns(before_.get(), CLONE_NEWNET), 0);
    }
  }
  bool made() const { return made_; }

 private:
  static void run(const std::string& command) { EXPECT_EQ(std::system(command.c_str()), 0) << command; }
  Descriptor before_;
  bool made_ = false;
};

}  // namespace xedgesim::testing
