#pragma once
#include <functional>
#include <memory>
#include <string>

#include "container/engine.h"
#include "container/http.h"
#include "live/byte_channel.h"

namespace xedgesim::live {

/// A request to a container engine whose answer comes in an event loop; given up when this object goes.
class EngineCall {
 public:
  struct Handlers {
    /// What the body consists of, as it comes; absent: it is kept for `ended`.
    std::function<void(std::string_view)> piece{};
    /// The answer is complete, or the engine broke it off (status 0). The call may be destroyed in here.
    std::function<void(container::Engine::Reply)> ended{};
  };
  /// Throws SimulationError when nobody answers at the socket.
  EngineCall(EventLoop& loop, const container::Engine& engine, std::string_view method,
             const std::string& target, const std::string& body, Handlers handlers);

 private:
  void finish();

  Handlers handlers_;
  container::HttpResponse response_;
  std::unique_ptr<ByteChannel> channel_;
};

}  // namespace xedgesim::live
