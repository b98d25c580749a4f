#include "net/ethernet/rstp.h"

#include <algorithm>

namespace xedgesim::net::ethernet {

Rstp::Rstp(BridgeId self, std::vector<PortConfig> ports, Actions actions)
    : self_(self), actions_(std::move(actions)) {
  for (const PortConfig& c : ports) {
    Port p;
    p.config = c;
    p.edge = c.edge;
    ports_.push_back(p);
  }
  root_ = {.root = self_, .cost = 0, .bridge = self_, .port = 0};
}

PriorityVector Rstp::offer(const Port& p) const {
  return {.root = root_.root, .cost = root_.cost, .bridge = self_, .port = p.id()};
}

void Rstp::start(SimTime now) {
  for (Port& p : ports_) {
    p.role = p.up ? Role::designated : Role::disabled;
    p.next_state = now + kForwardDelay;
    p.up_since = now;
    if (p.up && p.edge) p.state = State::forwarding;
    p.proposing = p.up && !p.edge;
  }
  next_hello_ = now + kHello;
  update(now);
  send_all_designated(now);
}

void Rstp::tick(SimTime now) {
  bool expired = false;
  for (Port& p : ports_) {
    if (p.has_info && now >= p.info_until) {
      p.has_info = false;
      expired = true;
    }
  }
  if (expired) update(now);
  for (size_t i = 0; i < ports_.size(); ++i) {
    Port& p = ports_[i];
    if (p.role != Role::designated || p.state == State::forwarding) continue;
    if (!p.heard_bridge && now >= p.up_since + kEdgeDelay) {
      p.edge = true;
      forward(i, now);
      continue;
    }
    if (now < p.next_state) continue;
    // Nobody agreed: an end station, or a bridge that does not know the handshake.
    if (p.state == State::discarding) {
      p.state = State::learning;
      p.next_state = now + kForwardDelay;
    } else {
      forward(i, now);
    }
  }
  if (now < next_hello_) return;
  next_hello_ = now + kHello;
  send_all_designated(now);
  if (root_port_ >= 0 && now < ports_[static_cast<size_t>(root_port_)].changing_until)
    send(static_cast<size_t>(root_port_), now);
}

void Rstp::link(int port, bool up, SimTime now) {
  Port& p = ports_[static_cast<size_t>(port)];
  if (p.up == up) return;
  p.up = up;
  p.has_info = p.agree = false;
  p.edge = p.config.edge;
  p.heard_bridge = false;
  p.up_since = now;
  if (up) {
    p.role = Role::disabled;
    set_role(p, Role::designated, now);
    if (p.edge) p.state = State::forwarding;
  } else {
    p.role = Role::disabled;
    p.state = State::discarding;
    p.proposing = false;
    actions_.forget(port);
  }
  update(now);
  if (up) send(static_cast<size_t>(port), now);
}

void Rstp::heard(int port, const Bpdu& b, SimTime now) {
  const auto index = static_cast<size_t>(port);
  Port& p = ports_[index];
  if (!p.up) return;
  p.edge = false;
  p.heard_bridge = true;
  const bool from_designated = b.role == Bpdu::Role::designated || b.role == Bpdu::Role::unknown;
  if (!from_designated) {
    // Our own offer was accepted.
    if (b.agreement && p.role == Role::designated && b.vector.root == root_.root) {
      p.proposing = false;
      if (p.state != State::forwarding) forward(index, now);
    }
    if (b.topology_change) topology_change(index, now);
    return;
  }
  const bool same_sender = p.has_info && b.vector.bridge == p.info.bridge && b.vector.port == p.info.port;
  const bool better = b.vector < (p.has_info ? p.info : offer(p));
  if (b.message_age >= kMaxAge) return;
  if (better || same_sender) {
    const bool changed = !p.has_info || b.vector != p.info;
    p.has_info = b.vector < PriorityVector{.root = self_, .cost = 0, .bridge = self_, .port = p.id()} ||
                 b.vector.root < root_.root || b.vector < offer(p);
    p.info = b.vector;
    p.info_age = b.message_age;
    p.info_until = now + kHello * 3;
    if (changed || !p.has_info) update(now);
    if (p.has_info && b.proposal && (p.role == Role::root || p.role == Role::alternate)) {
      if (p.role == Role::root) sync(index, now);
      p.agree = true;
      send(index, now);
    }
  } else if (p.role == Role::designated) {
    send(index, now);  // it should know better
  }
  if (b.topology_change) topology_change(index, now);
}

void Rstp::update(SimTime now) {
  const PriorityVector before = root_;
  const int old_root_port = root_port_;
  PriorityVector best{.root = self_, .cost = 0, .bridge = self_, .port = 0};
  root_port_ = -1;
  root_age_ = 0;
  std::pair<PriorityVector, uint16_t> best_path{best, 0};
  for (size_t i = 0; i < ports_.size(); ++i) {
    const Port& p = ports_[i];
    if (!p.up || !p.has_info || p.info.bridge == self_ || p.info.root >= self_) continue;
    PriorityVector v = p.info;
    v.cost += p.config.cost;
    const std::pair path{v, p.id()};
    if (root_port_ >= 0 ? path < best_path : v.root < self_) {
      best_path = path;
      root_port_ = static_cast<int>(i);
    }
  }
  if (root_port_ >= 0) {
    const Port& p = ports_[static_cast<size_t>(root_port_)];
    best = {.root = p.info.root, .cost = best_path.first.cost, .bridge = self_, .port = 0};
    root_age_ = static_cast<uint8_t>(p.info_age + 1);
  }
  root_ = best;
  const bool moved = before != root_ || old_root_port != root_port_;
  std::vector<size_t> now_designated;
  for (size_t i = 0; i < ports_.size(); ++i) {
    Port& p = ports_[i];
    if (!p.up) continue;
    if (static_cast<int>(i) == root_port_) {
      set_role(p, Role::root, now);
    } else if (p.has_info && p.info < offer(p)) {
      set_role(p, p.info.bridge == self_ ? Role::backup : Role::alternate, now);
    } else {
      p.has_info = false;
      // What was agreed on was another tree.
      if (p.role != Role::designated) now_designated.push_back(i);
      if (moved && !p.edge && p.role == Role::designated) p.proposing = p.state != State::forwarding;
      set_role(p, Role::designated, now);
    }
  }
  // The old root port discards or is designated by now, so the new one may forward at once.
  if (root_port_ >= 0 && ports_[static_cast<size_t>(root_port_)].state != State::forwarding)
    forward(static_cast<size_t>(root_port_), now);
  if (moved) return send_all_designated(now);
  for (size_t i : now_designated) send(i, now);
}

void Rstp::set_role(Port& p, Role role, SimTime now) {
  if (p.role == role) return;
  const Role old = p.role;
  p.role = role;
  p.agree = false;
  p.proposing = false;
  if (role == Role::alternate || role == Role::backup) {
    p.state = State::discarding;
    actions_.forget(static_cast<int>(&p - ports_.data()));
  }
  if (role == Role::designated && !p.edge) {
    // An old root port might close a circle as a designated one until its neighbour has agreed.
    if (old == Role::root || old == Role::disabled) p.state = State::discarding;
    p.proposing = p.state != State::forwarding;
    p.next_state = now + kForwardDelay;
  }
}

void Rstp::forward(size_t index, SimTime now) {
  Port& p = ports_[index];
  p.state = State::forwarding;
  p.proposing = false;
  if (!p.edge && (p.role == Role::root || p.role == Role::designated)) {
    ++topology_changes_;
    topology_change(index, now);
    p.changing_until = now + kHello * 2;
  }
  if (p.role == Role::designated) send(index, now);
}

void Rstp::sync(size_t but, SimTime now) {
  for (size_t i = 0; i < ports_.size(); ++i) {
    Port& p = ports_[i];
    if (i == but || !p.up || p.edge || p.role != Role::designated || p.proposing) continue;
    // Cut below, then propose: the cut moves down the tree.
    p.state = State::discarding;
    p.next_state = now + kForwardDelay;
    p.proposing = true;
    send(i, now);
  }
}

void Rstp::topology_change(size_t origin, SimTime now) {
  for (size_t i = 0; i < ports_.size(); ++i) {
    Port& p = ports_[i];
    if (i == origin || !p.up || p.edge) continue;
    actions_.forget(static_cast<int>(i));
    const bool fresh = now >= p.changing_until;
    p.changing_until = now + kHello * 2;
    if (fresh && (p.role == Role::root || p.role == Role::designated)) send(i, now);
  }
}

void Rstp::send(size_t index, SimTime now) {
  const Port& p = ports_[index];
  if (!p.up || p.role == Role::disabled || p.role == Role::backup) return;
  Bpdu b;
  b.vector = offer(p);
  b.role = p.role == Role::root        ? Bpdu::Role::root
           : p.role == Role::alternate ? Bpdu::Role::alternate
                                       : Bpdu::Role::designated;
  b.proposal = p.role == Role::designated && p.proposing;
  b.agreement = p.role != Role::designated && p.agree;
  b.topology_change = now < p.changing_until;
  b.learning = p.state != State::discarding;
  b.forwarding = p.state == State::forwarding;
  b.message_age = root_age_;
  actions_.send(static_cast<int>(index), b);
}

void Rstp::send_all_designated(SimTime now) {
  for (size_t i = 0; i < ports_.size(); ++i)
    if (ports_[i].role == Role::designated) send(i, now);
}

}  // namespace xedgesim::net::ethernet
