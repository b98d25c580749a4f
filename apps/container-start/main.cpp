// What a container runs first: waits until its network card has an address, then becomes the image's own
// program. An engine starts a container and makes its network namespace in one go, and our card can only be
// put in afterwards.
//   container-start PROGRAM [ARGUMENTS]
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

constexpr const char* kCard = "eth0";
constexpr int kRounds = 3000;  // of ten milliseconds each
constexpr long kRoundNs = 10'000'000;

bool card_is_up(int s) {
  ifreq r{};
  std::strncpy(r.ifr_name, kCard, IFNAMSIZ - 1);
  if (ioctl(s, SIOCGIFFLAGS, &r) != 0 || (r.ifr_flags & IFF_UP) == 0) return false;
  return ioctl(s, SIOCGIFADDR, &r) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("container-start: there is nothing to run\n", stderr);
    return 2;
  }
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (int i = 0; i < kRounds && !card_is_up(s); ++i) {
    const timespec round{0, kRoundNs};
    nanosleep(&round, nullptr);
  }
  close(s);
  execvp(argv[1], argv + 1);
  std::fprintf(stderr, "container-start: cannot run %s: %s\n", argv[1], std::strerror(errno));
  return errno == ENOENT ? 127 : 126;
}
