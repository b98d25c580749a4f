#pragma once
#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/time.h"

/// What parent and child tell each other between fork and exec, by one sequenced-packet socket. The functions
/// for the child use system calls and the stack only.
namespace xedgesim::container {

constexpr Duration kPatience = Duration::s(20);  ///< wall time for one answer

/// What a child tells on a socket: a descriptor with success, or the step that failed and why.
struct Word {
  int error = 0;
  char step[96] = {};
};

// In the child.

/// Tells the step that failed and errno, and ends.
[[noreturn]] void give_up(int socket, const char* step);
void say_done(int socket, int descriptor = -1);
/// As far as it can.
void write_text(const char* file, const char* text);
/// All but the standard ones and those named (at most three): whoever waits for their other ends must not
/// wait for us.
void close_others(int a, int b, int c);

// In the parent.

std::pair<Descriptor, Descriptor> control_sockets();
std::pair<Descriptor, Descriptor> make_pipe();
struct Told {
  Word word{};
  Descriptor descriptor{};
  bool heard = false;
};

/// Waits for the child's next word.
Told listen_to(int socket);
/// Why it failed, part of a sentence.
std::string failure(const Told& told);
/// 0 to 255 as a process returned it, or 128 and the signal that ended it.
int shell_status(int status);
/// For exec; they point into `strings`.
std::vector<char*> c_strings(std::vector<std::string>& strings);

}  // namespace xedgesim::container
