#include "live/agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/base64.h"

namespace xedgesim::live {
namespace {

constexpr int kGone = 255;

template <class T>
bool number_of(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

std::string_view next_word(std::string_view& text) {
  const size_t space = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(std::min(space + 1, text.size()));
  return word;
}

}  // namespace

std::optional<uint64_t> Agent::run(const std::string& command, Session session) {
  if (sessions_.size() >= kMostSessions) return std::nullopt;
  const uint64_t id = ++numbers_;
  sessions_[id] = std::move(session);
  send_(fmt::format("{} {} {}\n", sessions_[id].took ? "open" : "run", id,
                    base64_encode({reinterpret_cast<const uint8_t*>(command.data()), command.size()})));
  return id;
}

void Agent::kill(uint64_t session) {
  if (sessions_.erase(session)) send_(fmt::format("kill {}\n", session));
}

void Agent::input(uint64_t session, std::string_view bytes) {
  if (!sessions_.contains(session)) return;
  send_(bytes.empty()
            ? fmt::format("in {} end\n", session)
            : fmt::format("in {} {}\n", session,
                          base64_encode({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()})));
}

void Agent::feed(std::string_view bytes) {
  rest_.append(bytes);
  size_t begin = 0;
  for (size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
    line(std::string_view(rest_).substr(begin, end - begin));
  rest_.erase(0, begin);
  if (rest_.size() > kLongestLine) rest_.clear();
}

void Agent::line(std::string_view text) {
  const std::string_view word = next_word(text);
  if (word == "hello") {
    ready_ = true;
    next_word(text);  // its name
    takes_input_ = next_word(text) == "input";
    if (on_ready) on_ready();
    return;
  }
  uint64_t id = 0;
  if (!number_of(next_word(text), id)) return;
  const auto session = sessions_.find(id);
  if (session == sessions_.end()) return;
  if (word == "out" || word == "err") {
    const auto piece = base64_decode(text);
    const auto output = session->second.output;  // it may end the session
    if (piece && output) output(word == "err", {reinterpret_cast<const char*>(piece->data()), piece->size()});
  } else if (word == "took") {
    if (const auto took = session->second.took) took();
  } else if (word == "exit") {
    int status = kGone;
    number_of(text, status);
    const Session ended = std::move(session->second);
    sessions_.erase(session);
    if (ended.ended) ended.ended(status);
  }
}

void Agent::reset() {
  ready_ = takes_input_ = false;
  rest_.clear();
  const auto sessions = std::exchange(sessions_, {});
  for (const auto& [id, s] : sessions)
    if (s.ended) s.ended(kGone);
}

}  // namespace xedgesim::live
