#include "system/impairments.h"

#include "scenario/expand.h"

namespace xedgesim::system {
namespace {

net::Jitter convert(scenario::Impairments::Distribution d) {
  using D = scenario::Impairments::Distribution;
  switch (d) {
    case D::uniform:
      return net::Jitter::uniform;
    case D::normal:
      return net::Jitter::normal;
    case D::pareto:
      return net::Jitter::pareto;
    case D::paretonormal:
      return net::Jitter::paretonormal;
  }
  return net::Jitter::uniform;
}

net::QueueDiscipline convert(scenario::Impairments::Queueing q) {
  using Q = scenario::Impairments::Queueing;
  return q == Q::red     ? net::QueueDiscipline::red
         : q == Q::codel ? net::QueueDiscipline::codel
                         : net::QueueDiscipline::tail_drop;
}

net::ShaperClass convert(const scenario::RateClass& c) {
  return {.name = c.name,
          .parent = c.parent,
          .rate_bps = c.rate,
          .ceil_bps = c.ceil.value_or(0),
          .burst_bytes = c.burst.value_or(0),
          .priority = c.priority,
          .quantum = c.quantum.value_or(0),
          .queue_packets = c.queue,
          .pcps = c.pcp,
          .dscps = c.dscp,
          .vlans = c.vlan};
}

}  // namespace

net::LinkPatch link_patch(const scenario::Impairments& i) {
  net::LinkPatch p;
  p.rate_bps = i.bandwidth;
  p.latency = i.latency;
  p.jitter = i.jitter;
  if (i.jitter && *i.jitter == Duration()) p.distribution = net::Jitter::none;
  if (i.distribution) p.distribution = convert(*i.distribution);
  p.jitter_correlation = i.jitter_correlation;
  p.loss = i.loss_rate;
  p.loss_correlation = i.loss_correlation;
  if (i.loss_bursts)
    p.bursts = net::GilbertElliott{.good_to_bad = i.loss_bursts->good_to_bad,
                                   .bad_to_good = i.loss_bursts->bad_to_good,
                                   .loss_good = i.loss_bursts->loss_good,
                                   .loss_bad = i.loss_bursts->loss_bad};
  if (const auto& s = i.loss_states)
    p.states = net::FourState{.p13 = s->p13, .p31 = s->p31, .p32 = s->p32, .p23 = s->p23, .p14 = s->p14};
  p.corrupt = i.corrupt;
  p.corrupt_correlation = i.corrupt_correlation;
  p.duplicate = i.duplicate;
  p.duplicate_correlation = i.duplicate_correlation;
  p.reorder = i.reorder;
  p.reorder_correlation = i.reorder_correlation;
  p.reorder_gap = i.reorder_gap;
  p.keep_order = i.keep_order;
  p.up = i.up;
  p.queue_packets = i.queue;
  p.queue_bytes = i.queue_bytes;
  p.queue_latency = i.queue_latency;
  if (i.queue_discipline) p.discipline = convert(*i.queue_discipline);
  if (i.red)
    p.red = net::RedSettings{.min_bytes = i.red->min,
                             .max_bytes = i.red->max,
                             .probability = i.red->probability,
                             .average_packet = i.red->average_packet,
                             .burst_packets = i.red->burst.value_or(0)};
  if (i.codel) p.codel = net::CodelSettings{.target = i.codel->target, .interval = i.codel->interval};
  p.burst_bytes = i.burst;
  p.peak_rate_bps = i.peak_rate;
  p.mtu_bytes = i.mtu;
  p.line_rate_bps = i.line_rate;
  p.overhead_bytes = i.overhead;
  if (i.classes) {
    p.classes.emplace();
    for (const auto& c : *i.classes) p.classes->push_back(convert(c));
  }
  return p;
}

Directions link_directions(const scenario::Impairments& both,
                           const std::optional<scenario::Impairments>& forward,
                           const std::optional<scenario::Impairments>& backward) {
  const net::LinkParameters shared = net::patched({}, link_patch(both));
  return {forward ? net::patched(shared, link_patch(*forward)) : shared,
          backward ? net::patched(shared, link_patch(*backward)) : shared};
}

const scenario::Impairments* profile_entry(const scenario::Profile& profile, const std::string& link,
                                           const std::string& node) {
  for (const std::string* name : {&link, &node})
    if (const auto exact = profile.find(*name); exact != profile.end() && !name->empty())
      return &exact->second;
  for (const std::string* name : {&link, &node})
    for (const auto& [pattern, impairments] : profile)
      if (!name->empty() && scenario::is_glob(pattern) && scenario::glob_match(pattern, *name)) {
        // A pattern that fits everything is for machines: a cable between switches keeps what it has.
        if (name == &link && pattern == "*") continue;
        return &impairments;
      }
  return nullptr;
}

}  // namespace xedgesim::system
