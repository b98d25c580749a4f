#pragma once
#include <functional>
#include <vector>

namespace xedgesim::sim {

/// A model emits, recorders decide what is kept (style habit 12). Listeners are called in the order of
/// connection, synchronously, on the emitter's thread.
template <typename... Args>
class Signal {
 public:
  void connect(std::function<void(Args...)> f) { listeners_.push_back(std::move(f)); }
  bool connected() const { return !listeners_.empty(); }
  void operator()(Args... args) const {
    for (const auto& f : listeners_) f(args...);
  }

 private:
  std::vector<std::function<void(Args...)>> listeners_;
};

}  // namespace xedgesim::sim
