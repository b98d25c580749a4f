// Which instructions one translation takes, and what is known of them before code is made.
#include "isa/arm/jit/program.h"

#include <bit>
#include <set>

#include "isa/arm/cpu.h"

namespace xedgesim::isa::arm::jit {
namespace {

constexpr size_t kMaxInsns = 500, kMaxBlock = 80;

class Explorer {
 public:
  Explorer(const Layout& layout, const Op* ops, std::span<const uint8_t> image)
      : layout_(layout), ops_(ops), image_(image) {}

  Unit explore(uint32_t entry) {
    lead(entry);
    while (!pending_.empty() && insns_.size() < kMaxInsns) {
      const uint32_t start = pending_.back();
      pending_.pop_back();
      follow(start);
    }
    return blocks();
  }

 private:
  bool inside(uint32_t address) const { return address - layout_.image_base < layout_.image_size; }

  void lead(uint32_t address) {
    if (inside(address) && leaders_.insert(address).second) pending_.push_back(address);
  }

  uint32_t halfword(uint32_t address) const {
    const uint32_t offset = address - layout_.image_base;
    return offset + 1 < image_.size() ? image_[offset] | image_[offset + 1] << 8 : 0u;
  }

  /// Null when half of the instruction is outside.
  bool read(uint32_t address, uint8_t it, Insn& i) const {
    if (!inside(address) || layout_.image_size - (address - layout_.image_base) < 4) return false;
    i.address = address;
    i.it = it;
    i.op = ops_ + (address - layout_.image_base) / 2;
    const bool wide = i.op->advance != sizeof(Op);
    i.raw = wide ? halfword(address) << 16 | halfword(address + 2) : halfword(address);
    i.next = address + (wide ? 4 : 2);
    if (i.op->row != kNoRow) i.row = &decode_table()[i.op->row];
    classify(i, layout_);
    return true;
  }

  /// The instructions of an IT block, if they can be translated as such.
  bool read_it_block(const Insn& it, std::vector<Insn>& out) const {
    auto state = static_cast<uint8_t>(it.op->imm);
    uint32_t address = it.next;
    const unsigned first = state >> 4;
    bool otherwise = false;
    while (state) {
      Insn i;
      if (!read(address, state, i)) return false;
      const auto after = static_cast<uint8_t>(state & 7 ? (state & 0xE0) | (state << 1 & 0x1F) : 0);
      if (i.group == Group::call || i.group == Group::if_then || i.writes || i.reads) return false;
      // Then-instructions before else-instructions, one change at most.
      if (i.condition() != first) otherwise = true;
      if (otherwise && i.condition() == first) return false;
      if ((i.ends || i.group == Group::compare_jump) && after) return false;
      if (i.group == Group::compare_jump || i.group == Group::table_jump) return false;
      i.ends = false;
      out.push_back(i);
      address = i.next;
      state = after;
    }
    return true;
  }

  void follow(uint32_t address) {
    while (inside(address) && !insns_.contains(address) && insns_.size() < kMaxInsns) {
      Insn i;
      if (!read(address, 0, i)) return;
      std::vector<Insn> members;
      if (i.group == Group::if_then && (undefined(i) || !read_it_block(i, members))) {
        i.group = Group::call;
        i.exits = true;
        i.writes = kAllFlags;  // as far as anybody knows: all is settled before and after
        members.clear();
        if (!undefined(i)) {
          // The handler runs the block.
          unsigned n = 4 - static_cast<unsigned>(std::countr_zero(i.op->imm & 15));
          uint32_t end = i.next;
          for (; n; --n) end += is_wide(static_cast<uint16_t>(halfword(end))) ? 4 : 2;
          i.next = end;
        }
      }
      insns_.emplace(address, i);
      for (Insn& m : members) {
        insns_.emplace(m.address, m);
        if (m.group == Group::jump) lead(m.target);
      }
      const uint32_t next = members.empty() ? i.next : members.back().next;
      if (i.group == Group::jump || i.group == Group::jump_if || i.group == Group::compare_jump)
        lead(i.target);
      if (i.group == Group::call_near || (i.group == Group::jump_register && i.kind)) lead(i.next);
      if (i.ends) return;
      address = next;
    }
  }

  Unit blocks() const {
    Unit unit;
    for (const uint32_t leader : leaders_) {
      auto at = insns_.find(leader);
      if (at == insns_.end() || at->second.it) continue;
      Block b;
      b.start = b.next = leader;
      while (at != insns_.end() && at->first == b.next) {
        const Insn& i = at->second;
        if (!i.it && i.address != leader && (leaders_.contains(i.address) || b.insns.size() >= kMaxBlock))
          break;
        b.insns.push_back(i);
        b.next = i.next;
        if (i.ends) break;
        at = insns_.find(b.next);
      }
      unit.blocks.push_back(std::move(b));
    }
    return unit;
  }

  const Layout& layout_;
  const Op* ops_;
  std::span<const uint8_t> image_;
  std::set<uint32_t> leaders_;
  std::vector<uint32_t> pending_;
  std::map<uint32_t, Insn> insns_;
};

void work_out(Block& b) {
  const size_t n = b.insns.size();
  b.rest.resize(n);
  b.live.resize(n);
  uint8_t live = kAllFlags;
  for (size_t k = n; k-- > 0;) {
    const Insn& i = b.insns[k];
    b.rest[k] = b.cost;
    b.cost += static_cast<int32_t>((i.op->cycles + i.extra_cycles) << 16 | 1);
    b.live[k] = live;
    live = static_cast<uint8_t>((live & ~(i.it ? 0 : i.writes)) | i.reads);
    if (i.exits) live = kAllFlags;
  }
  b.flags_dead = live == 0;
}

}  // namespace

const Block* Unit::find(uint32_t address) const {
  for (const Block& b : blocks)
    if (b.start == address) return &b;
  return nullptr;
}

Unit explore(const Layout& layout, const Op* ops, std::span<const uint8_t> image, uint32_t entry) {
  Unit unit = Explorer(layout, ops, image).explore(entry);
  for (Block& b : unit.blocks) work_out(b);
  return unit;
}

}  // namespace xedgesim::isa::arm::jit
