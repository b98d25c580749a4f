#include "live/guest.h"

#include <fmt/format.h>

#include "live/firmware_words.h"
#include "vm/process.h"

namespace xedgesim::live {
namespace {

constexpr size_t kCrashTail = 2000;  // bytes of the console

}  // namespace

std::string_view to_string(Guest::State state) {
  constexpr std::string_view kNames[] = {"off", "starting", "up", "paused", "crashed"};
  return kNames[static_cast<size_t>(state)];
}

Guest::Guest(std::string id, const std::filesystem::path& console, Outside outside)
    : id_(std::move(id)), outside_(std::move(outside)), console_(console, [this](std::string_view text) {
        if (outside_.line) outside_.line(text);
      }) {}

void Guest::set_state(State state) {
  state_ = state;
  if (outside_.changed) outside_.changed();
}

void Guest::tell_crash(const std::string& why) {
  const std::string tail = plain_text(vm::tail_of(console_.file(), kCrashTail));
  reason_ = fmt::format("machine '{}': {}", id_, why);
  if (!tail.empty()) reason_ += "; the console's last lines:\n" + tail;
  set_state(State::crashed);
  const std::string text = reason_;
  if (outside_.crashed) outside_.crashed(text);
}

}  // namespace xedgesim::live
