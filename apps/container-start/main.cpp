// What a container runs first: waits until its network card has an address, then becomes the image's own
// program. An engine starts a container and makes its network namespace in one go, and our card can only be
// put in afterwards.
//   container-start PROGRAM [ARGUMENTS]
// And in front of a command that is run in the container later: fetches the pipe that is to be its standard
// input, with the pass in XEDGESIM_INPUT, at the socket beside itself (src/live/input_listener.h).
//   container-start --input PROGRAM [ARGUMENTS]
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/descriptor.h"

namespace {

constexpr const char* kCard = "eth0";
constexpr int kRounds = 3000;  // of ten milliseconds each
constexpr long kRoundNs = 10'000'000;
constexpr const char* kPass = "XEDGESIM_INPUT";
constexpr const char* kInputSocket = "/.xedgesim-input";

bool card_is_up(int s) {
  ifreq r{};
  std::strncpy(r.ifr_name, kCard, IFNAMSIZ - 1);
  if (ioctl(s, SIOCGIFFLAGS, &r) != 0 || (r.ifr_flags & IFF_UP) == 0) return false;
  return ioctl(s, SIOCGIFADDR, &r) == 0;
}

void wait_for_card() {
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (int i = 0; i < kRounds && !card_is_up(s); ++i) {
    const timespec round{0, kRoundNs};
    nanosleep(&round, nullptr);
  }
  close(s);
}

/// Makes what comes the standard input; -1 when nothing did.
int fetch_input(const char* pass) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, kInputSocket, sizeof address.sun_path - 1);
  const int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connect(s, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      send(s, pass, std::strlen(pass), MSG_NOSIGNAL) < 0)
    return -1;
  char byte = 0;
  xedgesim::Descriptor input;
  const ssize_t n = xedgesim::receive_with_descriptor(s, &byte, 1, input);
  close(s);
  return n == 1 ? dup2(input.get(), 0) : -1;
}

bool take_input() {
  const char* pass = std::getenv(kPass);
  const int input = pass ? fetch_input(pass) : -1;
  if (input != 0) return false;
  unsetenv(kPass);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  char** command = argv + 1;
  const bool with_input = argc > 1 && std::strcmp(argv[1], "--input") == 0;
  command += with_input;
  if (command >= argv + argc) {
    std::fputs("container-start: there is nothing to run\n", stderr);
    return 2;
  }
  if (!with_input) {
    wait_for_card();
  } else if (!take_input()) {
    std::fprintf(stderr, "container-start: there is no input for %s: %s\n", command[0], std::strerror(errno));
    return 126;
  }
  execvp(command[0], command);
  std::fprintf(stderr, "container-start: cannot run %s: %s\n", command[0], std::strerror(errno));
  return errno == ENOENT ? 127 : 126;
}
