#include "scenario/report.h"

#include <fmt/format.h>

#include <algorithm>

namespace xedgesim::scenario {
namespace {

constexpr size_t kMostComplaints = 200;

auto place(const Mark& m) { return std::tuple(m.file, m.line, m.column); }

}  // namespace

std::string Path::text() const {
  std::string above = parent ? parent->text() : "";
  if (index >= 0) return above + fmt::format("[{}]", index);
  if (key.empty()) return above;
  return above.empty() ? std::string(key) : fmt::format("{}.{}", above, key);
}

int Report::add_source(Source source) {
  sources_.push_back(std::move(source));
  return static_cast<int>(sources_.size()) - 1;
}

void Report::error(const Mark& mark, std::string message) {
  if (!error_places_.insert(place(mark)).second) return;
  if (full()) {
    ++further_errors_;
  } else {
    errors_.push_back({mark, std::move(message)});
  }
}

std::vector<std::string> Report::source_names() const {
  std::vector<std::string> names;
  for (const Source& s : sources_) names.push_back(s.name);
  return names;
}

bool Report::has_error_at(const Mark& mark) const { return error_places_.count(place(mark)) != 0; }

void Report::warning(const Mark& mark, std::string message) {
  warnings_.push_back({mark, std::move(message)});
}

std::vector<Diagnostic> Report::sorted(const std::vector<Complaint>& complaints, size_t further) const {
  std::vector<const Complaint*> order;
  for (const Complaint& c : complaints) order.push_back(&c);
  std::stable_sort(order.begin(), order.end(),
                   [](const Complaint* a, const Complaint* b) { return place(a->mark) < place(b->mark); });
  std::vector<Diagnostic> out;
  for (const Complaint* c : order) {
    if (out.size() == kMostComplaints) {
      out.push_back({source(0).name, 0, 0,
                     fmt::format("and {} more: mend these first", complaints.size() - out.size() + further)});
      break;
    }
    out.push_back({source(c->mark.file).name, c->mark.line, c->mark.column, c->message});
  }
  return out;
}

}  // namespace xedgesim::scenario
