#include "live/run_record.h"

#include <unistd.h>

namespace xedgesim::live {

SystemRecord record_of(const Lab& lab, const std::vector<std::string>& bridges) {
  SystemRecord record{.owner = find_process(getpid()).value_or(HostProcess{}), .bridges = bridges};
  for (const auto& m : lab.machines())
    if (m->pid() > 0 || !m->container().empty() || !m->domain().empty())
      record.nodes.push_back({.id = m->id(),
                              .process = find_process(m->pid()).value_or(HostProcess{}),
                              .cgroups = m->cgroups(),
                              .container = m->container(),
                              .engine = m->engine_socket(),
                              .domain = m->domain(),
                              .libvirt = m->libvirt_uri()});
  return record;
}

std::filesystem::path RunRecord::root() { return StateFolder::root() / ".runs"; }

std::vector<StateFolder> RunRecord::left_over() {
  std::vector<StateFolder> out;
  for (const std::string& name : StateFolder::names(root())) {
    StateFolder folder(name, root());
    // Without a record it may be about to write one; an empty folder does no harm.
    if (const auto r = folder.read(); r && !alive(r->owner)) out.push_back(std::move(folder));
  }
  return out;
}

RunRecord::RunRecord(std::string scenario, int64_t since_unix_s)
    : scenario_(std::move(scenario)), since_unix_s_(since_unix_s), folder_(std::to_string(getpid()), root()) {
  folder_.create();
}

RunRecord::~RunRecord() {
  std::error_code ec;
  std::filesystem::remove_all(folder_.path(), ec);
}

void RunRecord::note(const Lab& lab) const {
  SystemRecord r = record_of(lab, lab.bridges());
  r.name = scenario_;
  r.scenario = scenario_;
  r.since_unix_s = since_unix_s_;
  folder_.write(r);
}

}  // namespace xedgesim::live
