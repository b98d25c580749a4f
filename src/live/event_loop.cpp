#include "live/event_loop.h"

#include <algorithm>
#include <ctime>

namespace xedgesim::live {

void EventLoop::watch(int fd, Callback callback) { watches_[fd] = {std::move(callback), POLLIN, ++numbers_}; }

void EventLoop::want_output(int fd, bool wanted) {
  if (const auto w = watches_.find(fd); w != watches_.end())
    w->second.events = static_cast<short>(wanted ? POLLIN | POLLOUT : POLLIN);
}

void EventLoop::forget(int fd) { watches_.erase(fd); }

void EventLoop::wait(Duration patience, const std::vector<pollfd>& others) {
  fds_.assign(others.begin(), others.end());
  std::vector<std::pair<int, uint64_t>> order;
  for (const auto& [fd, w] : watches_) {
    fds_.push_back({fd, w.events, 0});
    order.emplace_back(fd, w.number);
  }
  const int64_t ns = std::max<int64_t>(0, patience.count_ns());
  const timespec limit{.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
  if (ppoll(fds_.data(), fds_.size(), &limit, nullptr) <= 0) return;
  for (size_t i = 0; i < order.size(); ++i) {
    const short what = fds_[others.size() + i].revents;
    const auto w = watches_.find(order[i].first);
    if (what == 0 || w == watches_.end() || w->second.number != order[i].second) continue;
    const Callback callback = w->second.callback;  // it may forget itself
    callback(what);
  }
}

}  // namespace xedgesim::live
