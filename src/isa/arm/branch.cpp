// ARMv7-M ARM A7: branches and IT. Direct targets are known when the record is made: inside the image they
// are a distance between records, elsewhere an address.
#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"

namespace xedgesim::isa::arm {
namespace {

uint32_t sign_extend(uint32_t v, unsigned bits) {
  const uint32_t sign = 1u << (bits - 1);
  return (v ^ sign) - sign;
}

template <bool Near>
void go(Cpu& c, const Op& op) {
  if constexpr (Near)
    c.near_jump(op);
  else
    c.jump(op.imm);
}

template <unsigned Cond, bool Near>
void branch_if(Cpu& c, const Op& op) {
  bool taken;
  switch (Cond >> 1) {
    case 0:
      taken = c.z_flag == 0;
      break;
    case 1:
      taken = c.c_flag != 0;
      break;
    case 2:
      taken = c.n_flag >> 31 != 0;
      break;
    case 3:
      taken = c.v_flag >> 31 != 0;
      break;
    case 4:
      taken = c.c_flag && c.z_flag != 0;
      break;
    case 5:
      taken = static_cast<int32_t>(c.n_flag ^ c.v_flag) >= 0;
      break;
    default:
      taken = c.z_flag != 0 && static_cast<int32_t>(c.n_flag ^ c.v_flag) >= 0;
      break;
  }
  if (taken != (Cond & 1)) {
    c.add_cycles(op.ra);
    go<Near>(c, op);
  }
}

template <bool Near>
Handler pick_condition(unsigned cond) {
  static constexpr Handler kTable[] = {
      branch_if<0, Near>,  branch_if<1, Near>,  branch_if<2, Near>,  branch_if<3, Near>, branch_if<4, Near>,
      branch_if<5, Near>,  branch_if<6, Near>,  branch_if<7, Near>,  branch_if<8, Near>, branch_if<9, Near>,
      branch_if<10, Near>, branch_if<11, Near>, branch_if<12, Near>, branch_if<13, Near>};
  return kTable[cond];
}

/// The refill's length follows the alignment of the target; unknown outside the image (docs/cpu.md).
void set_target(Op& op, const Site& site, uint32_t target) {
  op.imm = target;
  op.ra = static_cast<uint8_t>(site.model->refill + (site.image_size ? site.wait_states : 0));
  const auto halfwords = static_cast<int32_t>(target - site.address) / 2;
  op.aux = halfwords * static_cast<int32_t>(sizeof(Op));
}
bool is_near(const Site& site, uint32_t target) { return target - site.image_base < site.image_size; }

template <bool Near>
void b(Cpu& c, const Op& op) {
  c.add_cycles(op.ra);
  go<Near>(c, op);
}
template <bool Near>
void bl(Cpu& c, const Op& op) {
  c.add_cycles(op.ra);
  c.r[14] = Near ? op.imm : static_cast<uint32_t>(op.aux);  // see branch_link()
  go<Near>(c, op);
}
template <bool NonZero, bool Near>
void cbz(Cpu& c, const Op& op) {
  if ((c.r[op.rn] != 0) == NonZero) {
    c.add_cycles(op.ra);
    go<Near>(c, op);
  }
}

void bx(Cpu& c, const Op& op) { c.interworking_branch(op, c.r[op.rm]); }
void blx(Cpu& c, const Op& op) {
  const uint32_t target = c.r[op.rm];
  c.r[14] = op.imm;
  c.branch_exchange(target);
}

template <class T>
void table(Cpu& c, const Op& op) {
  const uint32_t base = op.rn == 15 ? op.imm : c.r[op.rn];
  uint32_t offset;
  if (!c.load<T>(op, base + c.r[op.rm] * sizeof(T), offset)) return;
  c.branch_to(op.imm + offset * 2);
}

void it(Cpu& c, const Op& op) {
  c.itstate = static_cast<uint8_t>(op.imm);
  c.run_it_block();
}

}  // namespace

void branch(const Fields& f, const Site& site, unsigned kind, Op& op) {
  uint32_t offset = 0;
  switch (kind) {
    case 1:
      offset = sign_extend(f['i'], 8) * 2;
      break;
    case 2:
      offset = sign_extend(f['i'], 11) * 2;
      break;
    case 3:
      offset = sign_extend(f['s'] << 19 | f['k'] << 18 | f['j'] << 17 | f['i'], 20) * 2;
      break;
    default: {
      const uint32_t i1 = ~(f['j'] ^ f['s']) & 1, i2 = ~(f['k'] ^ f['s']) & 1;
      offset = sign_extend(f['s'] << 23 | i1 << 22 | i2 << 21 | f['i'], 24) * 2;
    }
  }
  const uint32_t target = site.address + 4 + offset;
  set_target(op, site, target);
  const bool near = is_near(site, target);
  if (kind == 1 || kind == 3) {
    if (f['c'] >= 14) return;
    op.handler = near ? pick_condition<true>(f['c']) : pick_condition<false>(f['c']);
  } else {
    op.handler = near ? b<true> : b<false>;
  }
}

void branch_link(const Fields& f, const Site& site, unsigned, Op& op) {
  branch(f, site, 4, op);
  const uint32_t return_address = (site.address + 4) | 1;
  if (is_near(site, op.imm)) {
    op.imm = return_address;
    op.handler = bl<true>;
  } else {
    op.aux = static_cast<int32_t>(return_address);
    op.handler = bl<false>;
  }
}

void branch_register(const Fields&, const Site& site, unsigned kind, Op& op) {
  op.imm = (site.address + 2) | 1;
  op.handler = kind ? blx : bx;
}

void compare_branch(const Fields& f, const Site& site, unsigned kind, Op& op) {
  const uint32_t target = site.address + 4 + f['i'] * 2;
  set_target(op, site, target);
  static constexpr Handler kTable[2][2] = {{cbz<false, false>, cbz<false, true>},
                                           {cbz<true, false>, cbz<true, true>}};
  op.handler = kTable[kind][is_near(site, target)];
}

void table_branch(const Fields&, const Site& site, unsigned kind, Op& op) {
  op.imm = site.address + 4;
  op.handler = kind ? table<uint16_t> : table<uint8_t>;
}

void if_then(const Fields& f, const Site&, unsigned, Op& op) {
  op.imm = f['i'];
  if (op.imm >> 4 == 15 || (op.imm >> 4 == 14 && (op.imm & (op.imm - 1) & 15) != 0)) return;
  op.handler = it;
}

}  // namespace xedgesim::isa::arm
