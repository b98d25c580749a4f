#include "scenario/search_space.h"

#include "scenario/describe.h"

namespace xedgesim::scenario {
namespace {

const Description<SearchSpace>& describe_search() {
  using S = SearchSpace;
  using P = MlPlacement;
  static const Description<S> kD = [] {
    Description<S> d;
    d.doc = "Which variants `xedgesim place --space FILE` tries. Every combination is one.";
    d.add({.key = "devices",
           .doc = "groups whose placement is sought; absent: all emulated ones that have one"},
          &S::devices, one_or_more(identifier()));
    d.add({.key = "placements", .doc = "where inference may run; absent: wherever the scenario has a model"},
          &S::placements,
          list_of(choice<P>({{"device", P::device},
                             {"edge", P::edge},
                             {"cloud", P::cloud},
                             {"hybrid", P::hybrid},
                             {"adaptive", P::adaptive}})));
    d.add({.key = "splits",
           .doc = "hybrid: last layer on the device; absent: behind every layer that can be cut"},
          &S::splits, list_of(integer(0, 10'000)));
    d.add({.key = "report_intervals", .doc = "absent: the scenario's, twice and four times that"},
          &S::report_intervals, list_of(positive_duration()));
    d.add({.key = "vary", .doc = "override path to the values it takes"}, &S::vary,
          map_of(list_of(text()), "path"));
    d.add({.key = "seeds", .doc = "values of scenario.seed; every one has to satisfy the subject"}, &S::seeds,
          one_or_more(unsigned_integer()));
    d.add({.key = "objective", .doc = "as --objective"}, &S::objective, text());
    d.add({.key = "subject", .doc = "as --subject"}, &S::subject, text());
    return d;
  }();
  return kD;
}

struct SearchFile {
  SearchSpace search;
};

const Description<SearchFile>& describe_file() {
  static const Description<SearchFile> kD = [] {
    Description<SearchFile> d;
    d.doc = "A search space.";
    d.add({.key = "search", .doc = "which variants are tried", .required = true}, &SearchFile::search,
          struct_of(describe_search()));
    return d;
  }();
  return kD;
}

}  // namespace

CodecPtr<SearchSpace> search_space_codec() { return struct_of(describe_search()); }

bool load_search_file(const Value& root, SearchSpace& out, LoadContext& context) {
  SearchFile file;
  const bool ok = struct_of(describe_file())->load(root, file, Path(), context);
  out = std::move(file.search);
  return ok;
}

}  // namespace xedgesim::scenario
