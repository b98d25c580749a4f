// What commands in processes and containers read.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "live/input_listener.h"
#include "live/input_pipe.h"
#include "temporary_folder.h"

namespace xedgesim::live {
namespace {

std::pair<Descriptor, Descriptor> pipe_ends() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// What can be read, to the end of the pipe, or as long as the loop has something to write.
std::string read_all(EventLoop& loop, int fd, bool& ended) {
  std::string got;
  char chunk[65536];
  for (int idle = 0; idle < 5; ++idle, loop.wait(Duration::ms(5)))
    for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) >= 0; idle = 0) {
      got.append(chunk, static_cast<size_t>(n));
      if ((ended = n == 0)) return got;
    }
  return got;
}

TEST(InputPipe, WritesPiecesInOrderAndTellsOfEach) {
  EventLoop loop;
  int took = 0;
  InputPipe pipe(loop, [&] { ++took; });
  const std::string large(200'000, 'x');
  pipe.write("first ");
  pipe.write(large);
  EXPECT_EQ(took, 0);
  auto [theirs, ours] = pipe_ends();
  pipe.open(std::move(ours));
  EXPECT_EQ(took, 1) << "more than a pipe holds was written at once";
  pipe.write("last");
  pipe.write({});
  bool ended = false;
  EXPECT_TRUE(read_all(loop, theirs.get(), ended) == "first " + large + "last");
  EXPECT_TRUE(ended);
  EXPECT_EQ(took, 3);
}

TEST(InputPipe, TakesTheRestFromWhoeverDoesNotReadAnyMore) {
  std::signal(SIGPIPE, SIG_IGN);
  EventLoop loop;
  int took = 0;
  InputPipe pipe(loop, [&] { ++took; });
  auto [theirs, ours] = pipe_ends();
  pipe.open(std::move(ours));
  pipe.write(std::string(200'000, 'x'));
  pipe.write("and more");
  EXPECT_EQ(took, 0);
  theirs = Descriptor();
  for (int i = 0; i < 100 && took < 2; ++i) loop.wait(Duration::ms(5));
  EXPECT_EQ(took, 2);
  pipe.write("still more");
  EXPECT_EQ(took, 3);
}

class InputListenerTest : public ::testing::Test {
 protected:
  // Longer than the name of a socket may be.
  InputListenerTest() : place_(folder_ / std::string(120, 'f')) {
    std::filesystem::create_directories(place_);
    listener_.emplace(loop_, place_ / "input");
  }
  /// As container-start does it: what comes as an answer, and the descriptor with it.
  std::pair<ssize_t, Descriptor> fetch(const std::string& pass) {
    const Descriptor at(open(place_.c_str(), O_PATH | O_CLOEXEC));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "/proc/self/fd/" + std::to_string(at.get()) + "/input";
    std::memcpy(address.sun_path, name.c_str(), name.size());
    const Descriptor s(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(s.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(send(s.get(), pass.data(), pass.size(), MSG_NOSIGNAL), static_cast<ssize_t>(pass.size()));
    for (int i = 0; i < 3; ++i) loop_.wait(Duration::ms(5));
    char byte = 1;
    Descriptor input;
    const ssize_t n = receive_with_descriptor(s.get(), &byte, 1, input, MSG_DONTWAIT);
    return {n, std::move(input)};
  }

  TemporaryFolder folder_;
  std::filesystem::path place_;
  EventLoop loop_;
  std::optional<InputListener> listener_;
};

TEST_F(InputListenerTest, HandsOverAPipeForAPassOnce) {
  Descriptor writing;
  const std::string pass = listener_->issue([&](Descriptor end) { writing = std::move(end); });
  EXPECT_EQ(pass.size(), 32u);
  const auto [n, reading] = fetch(pass);
  EXPECT_EQ(n, 1);
  ASSERT_GE(reading.get(), 0);
  ASSERT_EQ(write(writing.get(), "hello", 5), 5);
  char got[8] = {};
  EXPECT_EQ(read(reading.get(), got, sizeof got), 5);
  EXPECT_STREQ(got, "hello");
  EXPECT_EQ(fetch(pass).first, 0) << "the same pass a second time";
}

TEST_F(InputListenerTest, ClosesOnAnythingElse) {
  bool fetched = false;
  const std::string pass = listener_->issue([&](Descriptor) { fetched = true; });
  EXPECT_EQ(fetch("no pass").first, 0);
  EXPECT_EQ(fetch(pass.substr(1)).first, 0);
  EXPECT_EQ(fetch(pass + std::string(100'000, '0')).first, 0);
  listener_->withdraw(pass);
  EXPECT_EQ(fetch(pass).first, 0);
  EXPECT_FALSE(fetched);
}

TEST_F(InputListenerTest, ReplacesWhatACrashLeftAndGoesWithItsOwner) {
  listener_.reset();
  EXPECT_FALSE(std::filesystem::exists(place_ / "input"));
  std::ofstream(place_ / "input") << "old";
  listener_.emplace(loop_, place_ / "input");
  EXPECT_EQ(fetch("no pass").first, 0);
  EXPECT_THROW(InputListener(loop_, place_ / "missing/input"), SimulationError);
}

}  // namespace
}  // namespace xedgesim::live
