#include "experiment/console_watcher.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "metrics/decimal.h"
#include "metrics/suggest.h"

namespace xedgesim::experiment {
namespace {

/// std::regex recurses once a character; this keeps its stack small.
constexpr size_t kMaxLine = 1024;
constexpr size_t kLastWords = 80;  // bytes of a line that a reason shows

std::regex compile(const ConsoleExpectation& e) {
  try {
    return std::regex(e.line, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    throw ConfigError(
        fmt::format("validation.assertions: expect_line '{}' is not a regular expression ({}); write "
                    "\\ before a character such as ( [ . * that is meant literally",
                    e.line, error.what()));
  }
}

}  // namespace

ConsoleWatcher::ConsoleWatcher(std::vector<ConsoleExpectation> expectations, std::vector<std::string> nodes)
    : nodes_(std::move(nodes)), partial_(nodes_.size()), last_(nodes_.size()) {
  for (ConsoleExpectation& e : expectations) {
    Watch w{.expectation = std::move(e), .regex = {}, .wanted = {}, .seen = {}, .late = {}};
    w.regex = compile(w.expectation);
    w.seen.resize(nodes_.size());
    const std::string& node = w.expectation.node;
    for (const std::string& n : nodes_) w.wanted.push_back(node.empty() || metrics::glob_matches(node, n));
    if (std::none_of(w.wanted.begin(), w.wanted.end(), [](bool b) { return b; })) {
      throw ConfigError(
          fmt::format("validation.assertions: expect_line is about '{}', but no node has that name{}", node,
                      metrics::suggestion(node, nodes_)));
    }
    watches_.push_back(std::move(w));
  }
}

void ConsoleWatcher::byte(size_t node, SimTime t, uint8_t value) {
  std::string& partial = partial_[node];
  if (value != '\n') {
    if (partial.size() <= kMaxLine) partial += static_cast<char>(value);
    return;
  }
  if (!partial.empty() && partial.back() == '\r') partial.pop_back();
  line(node, t, partial);
  partial.clear();
}

void ConsoleWatcher::line(size_t node, SimTime t, std::string_view text) {
  text = text.substr(0, kMaxLine);
  last_[node].time = t;
  last_[node].text.assign(text.substr(0, kLastWords));
  last_[node].any = true;
  for (Watch& w : watches_) {
    if (!w.wanted[node] || w.seen[node]) continue;
    if (!std::regex_search(text.begin(), text.end(), w.regex)) continue;
    const auto& before = w.expectation.before;
    if (before && t >= *before) {
      if (!w.late) w.late = t;
    } else {
      w.seen[node] = t;
    }
  }
}

bool ConsoleWatcher::met(const Watch& w) const {
  const bool any = w.expectation.node.empty();
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!w.wanted[i]) continue;
    if (any && w.seen[i]) return true;
    if (!any && !w.seen[i]) return false;
  }
  return !any;
}

std::string ConsoleWatcher::last_words(size_t node) const {
  const LastLine& l = last_[node];
  if (!l.any) return ", nor anything else";
  std::string text = l.text;
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return fmt::format("; its last line came at {}: '{}'", to_string(l.time), text);
}

bool ConsoleWatcher::all_met() const {
  return std::all_of(watches_.begin(), watches_.end(), [this](const Watch& w) { return met(w); });
}

std::vector<AssertionResult> ConsoleWatcher::results() const {
  std::vector<AssertionResult> results;
  for (const Watch& w : watches_) {
    const ConsoleExpectation& e = w.expectation;
    std::optional<SimTime> first, last;
    std::vector<std::string> silent;
    size_t a_silent_one = 0;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!w.wanted[i]) continue;
      if (!w.seen[i]) {
        silent.push_back(nodes_[i]);
        a_silent_one = i;
        continue;
      }
      first = std::min(first.value_or(SimTime::never()), *w.seen[i]);
      last = std::max(last.value_or(SimTime::zero()), *w.seen[i]);
    }
    AssertionResult r;
    r.passed = met(w);
    r.metric = e.node.empty() ? "expect_line" : fmt::format("expect_line[{}]", e.node);
    r.expectation = fmt::format("'{}'", e.line);
    if (e.before) r.expectation += fmt::format(" before {}", to_string(*e.before));
    r.description = e.description;
    std::string found;
    if (r.passed) {
      // Met by all means the last of them; met by any the first.
      const SimTime when = e.node.empty() ? *first : *last;
      r.actual = metrics::seconds(when.since_start());
      found = "at " + to_string(when);
    } else {
      r.reason = silent.size() > 1 && first
                     ? fmt::format("{} of the nodes did not print it, {} is the first of them", silent.size(),
                                   silent.front())
                 : w.late ? fmt::format("it came at {}", to_string(*w.late))
                 : silent.size() == 1
                     ? fmt::format("{} did not print it{}", silent.front(), last_words(a_silent_one))
                     : "no node printed it";
      found = "not seen";
    }
    r.line = fmt::format("{}: {} ({} {})", r.passed ? "✅ PASS" : "❌ FAIL", r.metric, r.expectation, found);
    if (!r.reason.empty()) r.line += ": " + r.reason;
    if (!r.description.empty()) r.line += " - " + r.description;
    results.push_back(std::move(r));
  }
  return results;
}

}  // namespace xedgesim::experiment
