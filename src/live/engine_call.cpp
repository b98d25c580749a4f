#include "live/engine_call.h"

#include <utility>

namespace xedgesim::live {

EngineCall::EngineCall(EventLoop& loop, const container::Engine& engine, std::string_view method,
                       const std::string& target, const std::string& body, Handlers handlers)
    : handlers_(std::move(handlers)), response_(handlers_.piece) {
  channel_ = std::make_unique<ByteChannel>(
      loop, container::connect_engine(engine.socket()),
      [this](std::string_view bytes) {
        // The connection is closed behind each answer, which then is complete or not.
        if (!response_.feed(bytes)) channel_->abort();
      },
      [this] { finish(); });
  channel_->send(container::http_request(method, "/v1.41" + target, body));
  channel_->flush();
}

void EngineCall::finish() {
  response_.end();
  container::Engine::Reply reply{response_.done() ? response_.status() : 0, response_.body()};
  const auto ended = std::move(handlers_.ended);
  if (ended) ended(std::move(reply));
}

}  // namespace xedgesim::live
