#pragma once
#include <stdexcept>
#include <string>

namespace xedgesim::web {

/// A request that is not done: the status of the answer, and a sentence.
class Refusal : public std::runtime_error {
 public:
  Refusal(unsigned status, const std::string& sentence) : std::runtime_error(sentence), status_(status) {}
  unsigned status() const { return status_; }

 private:
  unsigned status_;
};

}  // namespace xedgesim::web
