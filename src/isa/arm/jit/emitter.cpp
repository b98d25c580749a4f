#include "isa/arm/jit/emitter.h"

namespace xedgesim::isa::arm::jit {

using namespace asmjit::x86;

Emitter::Emitter(const Cpu& cpu, const CodeCache& cache, const Unit& unit, std::span<const uint8_t> image,
                 Assembler& assembler)
    : cpu_(cpu),
      cache_(cache),
      layout_(cache.layout()),
      unit_(unit),
      image_(image),
      a_(assembler),
      has_bmi2_(__builtin_cpu_supports("bmi2")) {
  for (size_t k = 0; k < unit.blocks.size(); ++k) bodies_.push_back(a_.newLabel());
}

int Emitter::host_of(unsigned guest) {
  static constexpr int8_t kHosts[] = {Gp::kIdSi,  Gp::kIdDi,  Gp::kIdDx,  Gp::kIdBx, Gp::kIdR8, Gp::kIdR9,
                                      Gp::kIdR10, Gp::kIdR11, -1,         -1,        -1,        -1,
                                      Gp::kIdR12, -1,         Gp::kIdR13, -1};
  return kHosts[guest];
}

Emitter::Gp Emitter::read(unsigned guest, const Gp& temporary) {
  if (mapped(guest)) return host(guest);
  a_.mov(temporary, reg_memory(guest));
  return temporary;
}

void Emitter::load(const Gp& to, unsigned guest) {
  if (mapped(guest))
    a_.mov(to, host(guest));
  else
    a_.mov(to, reg_memory(guest));
}

void Emitter::store(unsigned guest, const Gp& from) {
  if (mapped(guest)) {
    if (host(guest).id() != from.id()) a_.mov(host(guest), from);
  } else {
    a_.mov(reg_memory(guest), from);
  }
}

void Emitter::with(Inst::Id op, const Gp& to, unsigned guest) {
  if (mapped(guest))
    a_.emit(op, to, host(guest));
  else
    a_.emit(op, to, reg_memory(guest));
}

void Emitter::emit() {
  for (size_t k = 0; k < unit_.blocks.size(); ++k) {
    a_.bind(bodies_[k]);
    emit_block(k);
  }
  // Cold code may ask for more of it.
  while (!cold_.empty()) {
    std::vector<std::function<void()>> now;
    now.swap(cold_);
    for (const auto& code : now) code();
  }
  // Entries from the table: the flags are in the record, the block has not been charged.
  for (size_t k = 0; k < unit_.blocks.size(); ++k) {
    const Block& b = unit_.blocks[k];
    entries_.push_back({index_of(b.start), a_.newLabel()});
    a_.bind(entries_.back().label);
    a_.add(r15, b.cost);
    a_.js(bodies_[k]);
    a_.sub(r15, b.cost);
    leave_at(b.start);
  }
}

uint16_t written(const Insn& i) {
  const Op& op = *i.op;
  const auto bit = [](unsigned n) { return static_cast<uint16_t>(1u << n); };
  const bool write_back = i.raw >> 21 & 1;
  switch (i.group) {
    case Group::alu:
      return i.kind < kTst ? bit(op.rd) : 0;
    case Group::shift_by_register:
    case Group::move_top:
    case Group::bits:
    case Group::reversal:
    case Group::pack:
    case Group::extend:
      return bit(op.rd);
    case Group::multiply: {
      const bool pair = i.kind == kSmull || i.kind == kUmull || i.kind == kSmlal || i.kind == kUmlal;
      return static_cast<uint16_t>(bit(op.rd) | (pair ? bit(op.ra) : 0));
    }
    case Group::access: {
      const bool indexed = i.row->form == access_immediate_8 && i.raw >> 8 & 1;
      return static_cast<uint16_t>((i.kind >= kLdr ? bit(op.rd) : 0) | (indexed ? bit(op.rn) : 0));
    }
    case Group::multiple: {
      const bool load = i.kind == kLdm || i.kind == kLdmdb || i.kind == kLdm16 || i.kind == kPop;
      const bool back =
          i.kind == kPush || i.kind == kPop || i.kind == kStm16 || i.kind == kLdm16 || write_back;
      return static_cast<uint16_t>((load ? op.imm & 0x7FFF : 0) | (back ? bit(op.rn) : 0));
    }
    case Group::pair: {
      const bool load = i.kind & 1, post = i.kind & 4;
      return static_cast<uint16_t>((load ? bit(op.rd) | bit(op.ra) : 0) |
                                   (post || write_back ? bit(op.rn) : 0));
    }
    case Group::call_near:
      return bit(14);
    case Group::jump_register:
      return i.kind ? bit(14) : 0;
    case Group::fp_transfer:
      return static_cast<uint16_t>((i.kind == kFromSingle || i.kind == kFromTwoSingles ? bit(op.rd) : 0) |
                                   (i.kind == kFromTwoSingles ? bit(op.ra) : 0));
    case Group::fp_access:
      return bit(op.rn);
    default:
      return 0;
  }
}

}  // namespace xedgesim::isa::arm::jit
