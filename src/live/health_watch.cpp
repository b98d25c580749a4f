#include "live/health_watch.h"

#include <fmt/format.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <utility>

#include "base/shell_words.h"

namespace xedgesim::live {

HealthWatch::HealthWatch(EventLoop& loop, Guest& guest, scenario::Health health)
    : loop_(loop),
      guest_(guest),
      health_(std::move(health)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  loop_.watch(timer_.get(), [this](short) { due(); });
  arm(health_.interval);
}

HealthWatch::~HealthWatch() { retire(); }

void HealthWatch::retire() {
  loop_.forget(timer_.get());
  question_.reset();
}

void HealthWatch::arm(Duration after) {
  itimerspec when{};
  when.it_value.tv_sec = after.count_ns() / 1'000'000'000;
  when.it_value.tv_nsec = after.count_ns() % 1'000'000'000;
  timerfd_settime(timer_.get(), 0, &when, nullptr);
}

void HealthWatch::due() {
  uint64_t times = 0;
  [[maybe_unused]] const ssize_t n = read(timer_.get(), &times, sizeof times);
  if (!question_) return ask();
  guest_.kill(*std::exchange(question_, std::nullopt));
  answered(fmt::format("no answer within {:g} s", health_.timeout.count_s()));
}

void HealthWatch::ask() {
  if (guest_.boots() != boot_) {
    boot_ = guest_.boots();
    asked_for_ = Duration();
    failures_ = 0;
    guest_.set_health("starting");
  }
  asked_for_ += health_.interval;
  arm(health_.timeout);
  // One that stands or is off does not answer; that is told by its state.
  if (!guest_.ready()) return arm(health_.interval);
  question_ = guest_.run(shell_quoted(health_.command), {.output = {}, .ended = [this](int status) {
                                     if (!question_) return;
                                     question_.reset();
                                     answered(status == 0 ? "" : fmt::format("exit code {}", status));
                                   }});
  if (!question_) answered("too many commands run in it already");
}

void HealthWatch::answered(const std::string& trouble) {
  arm(health_.interval);
  const std::string before = guest_.health();
  if (trouble.empty()) {
    failures_ = 0;
    guest_.set_health("healthy");
  } else if (asked_for_ > health_.start_period && ++failures_ >= health_.retries) {
    guest_.set_health("unhealthy");
  }
  if (guest_.health() != before)
    guest_.console().feed(fmt::format("xedgesim: {} is {}{}{}\n", guest_.id(), guest_.health(),
                                      trouble.empty() ? "" : ": ", trouble));
}

}  // namespace xedgesim::live
