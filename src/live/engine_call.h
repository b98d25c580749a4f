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
    /// The answer's head is there: from now on what is sent is the other half of a stream, where the engine
    /// makes the connection one (Docker Engine API, "attach", hijacking).
    std::function<void(int status)> begun{};
    /// All that was sent has been taken.
    std::function<void()> drained{};
  };
  /// Throws SimulationError when nobody answers at the socket.
  EngineCall(EventLoop& loop, const container::Engine& engine, std::string_view method,
             const std::string& target, const std::string& body, Handlers handlers);

  /// Bytes behind the request, once it has begun.
  void send(std::string_view bytes);
  /// The end of them.
  void end_input() { channel_->finish_output(); }

 private:
  void finish();

  bool begun_ = false;
  Handlers handlers_;
  container::HttpResponse response_;
  std::unique_ptr<ByteChannel> channel_;
};

}  // namespace xedgesim::live
