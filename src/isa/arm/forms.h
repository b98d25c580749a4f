#pragma once
#include "isa/arm/decode.h"

/// The forms of the decode table, one group a handler file. A form turns an encoding's fields into a record
/// and picks its handler; `kind` chooses the operation within the form.
namespace xedgesim::isa::arm {

/// Added to the kind of 16-bit rows that set the flags outside an IT block only.
inline constexpr uint8_t kOutsideIt = 0x40;
inline constexpr uint8_t kKindMask = 0x3F;

// data_processing.cpp
enum Alu : uint8_t {
  kAnd,
  kBic,
  kOrr,
  kOrn,
  kEor,
  kAdd,
  kAdc,
  kSbc,
  kSub,
  kRsb,
  kMov,
  kMvn,
  kTst,
  kTeq,
  kCmp,
  kCmn
};
enum Shift : uint8_t { kLsl, kLsr, kAsr, kRor, kRrx };
void alu_immediate(const Fields&, const Site&, unsigned kind, Op&);        ///< i: ThumbExpandImm, s
void alu_plain_immediate(const Fields&, const Site&, unsigned kind, Op&);  ///< i as it is, never sets flags
void alu_immediate_16(const Fields&, const Site&, unsigned kind, Op&);     ///< i; without n the source is d
void alu_sp_immediate(const Fields&, const Site&, unsigned kind,
                      Op&);  ///< i words, source SP; without d also to SP
void alu_register_16(const Fields&, const Site&, unsigned kind, Op&);  ///< d = d op m
void alu_three_registers_16(const Fields&, const Site&, unsigned kind, Op&);
void alu_register(const Fields&, const Site&, unsigned kind, Op&);  ///< i, y: shift of m; s
void alu_high_registers(const Fields&, const Site&, unsigned kind,
                        Op&);                                          ///< ADD T2, CMP T2, MOV T1: PC allowed
void negate_16(const Fields&, const Site&, unsigned kind, Op&);        ///< RSB (immediate) T1
void shift_immediate(const Fields&, const Site&, unsigned kind, Op&);  ///< kind: Shift
void shift_register(const Fields&, const Site&, unsigned kind, Op&);   ///< kind: Shift
void move_wide(const Fields&, const Site&, unsigned kind, Op&);        ///< kind: 0 MOVW, 1 MOVT
void address_of_label(const Fields&, const Site&, unsigned kind,
                      Op&);  ///< ADR; kind: 0 T1, 1 add, 2 subtract

// bits.cpp
enum Bits : uint8_t { kSbfx, kUbfx, kBfi, kBfc, kClz, kRbit, kRev, kRev16, kRevsh, kPkh };
void bit_field(const Fields&, const Site&, unsigned kind, Op&);
void bit_operation(const Fields&, const Site&, unsigned kind, Op&);
void pack_halfword(const Fields&, const Site&, unsigned kind, Op&);
enum Extend : uint8_t { kSxth, kUxth, kSxtb16, kUxtb16, kSxtb, kUxtb };
void extend(const Fields&, const Site&, unsigned kind, Op&);
void extend_and_add(const Fields&, const Site&, unsigned kind, Op&);

// simd.cpp
enum Parallel : uint8_t { kAdd8, kAdd16, kAsx, kUnused, kSub8, kSub16, kSax };  // as in bits 22:20
enum ParallelPrefix : uint8_t {
  kSigned,
  kSaturating,
  kSignedHalving,
  kUnsigned = 4,
  kUnsignedSaturating,
  kUnsignedHalving
};
constexpr uint8_t parallel_kind(Parallel op, ParallelPrefix prefix) {
  return static_cast<uint8_t>(op | prefix << 3);
}
void parallel(const Fields&, const Site&, unsigned kind, Op&);
void select_bytes(const Fields&, const Site&, unsigned kind, Op&);
void saturating_add(const Fields&, const Site&, unsigned kind,
                    Op&);                                       ///< kind: 0 QADD, 1 QDADD, 2 QSUB, 3 QDSUB
void saturate(const Fields&, const Site&, unsigned kind, Op&);  ///< kind: 0 SSAT, 1 USAT, 2 SSAT16, 3 USAT16
void sum_of_differences(const Fields&, const Site&, unsigned kind, Op&);  ///< kind: 0 USAD8, 1 USADA8

// multiply.cpp
enum Multiply : uint8_t {
  kMul,
  kMla,
  kMls,
  kSmulxy,
  kSmlaxy,
  kSmulw,
  kSmlaw,
  kSmuad,
  kSmlad,
  kSmusd,
  kSmlsd,
  kSmmul,
  kSmmla,
  kSmmls,
  kSmull,
  kUmull,
  kSmlal,
  kUmlal,
  kUmaal,
  kSmlalxy,
  kSmlald,
  kSmlsld,
  kSdiv,
  kUdiv
};
void multiply_16(const Fields&, const Site&, unsigned kind, Op&);
void multiply(const Fields&, const Site&, unsigned kind, Op&);  ///< x, y select halves (x: exchange/round)

// load_store.cpp
enum Access : uint8_t { kStr, kStrh, kStrb, kLdr, kLdrh, kLdrb, kLdrsh, kLdrsb };
void access_immediate_16(const Fields&, const Site&, unsigned kind, Op&);  ///< i scaled by the width
void access_sp_16(const Fields&, const Site&, unsigned kind, Op&);
void access_register(const Fields&, const Site&, unsigned kind, Op&);  ///< i: left shift of m
void access_immediate_12(const Fields&, const Site&, unsigned kind, Op&);
void access_immediate_8(const Fields&, const Site&, unsigned kind, Op&);  ///< p, w: index, write back; v: add
void access_unprivileged(const Fields&, const Site&, unsigned kind, Op&);
void load_literal(const Fields&, const Site&, unsigned kind, Op&);  ///< v: add (absent: add)
enum Multiple : uint8_t { kStm, kLdm, kStmdb, kLdmdb, kPush, kPop, kStm16, kLdm16 };
void access_multiple(const Fields&, const Site&, unsigned kind, Op&);
void access_pair(const Fields&, const Site&, unsigned kind,
                 Op&);  ///< kind: 0 STRD, 1 LDRD, 2 LDRD literal; +4 post-indexed
void access_exclusive(const Fields&, const Site&, unsigned kind, Op&);  ///< kind: Access

// branch.cpp
void branch(const Fields&, const Site&, unsigned kind, Op&);  ///< kind: encoding T1..T4
void branch_link(const Fields&, const Site&, unsigned kind, Op&);
void branch_register(const Fields&, const Site&, unsigned kind, Op&);  ///< kind: 0 BX, 1 BLX
void compare_branch(const Fields&, const Site&, unsigned kind, Op&);   ///< kind: 0 CBZ, 1 CBNZ
void table_branch(const Fields&, const Site&, unsigned kind, Op&);     ///< kind: 0 TBB, 1 TBH
void if_then(const Fields&, const Site&, unsigned kind, Op&);

// system.cpp
enum System : uint8_t { kNop, kWfi, kWfe, kSev, kClrex, kBarrier, kUdf };
void system_operation(const Fields&, const Site&, unsigned kind, Op&);
void supervisor_call(const Fields&, const Site&, unsigned kind, Op&);
void breakpoint(const Fields&, const Site&, unsigned kind, Op&);
void change_processor_state(const Fields&, const Site&, unsigned kind, Op&);
void move_to_special(const Fields&, const Site&, unsigned kind, Op&);
void move_from_special(const Fields&, const Site&, unsigned kind, Op&);

// fp_arithmetic.cpp, fp_convert.cpp, fp_transfer.cpp
enum FpArithmetic : uint8_t {
  kVmla,
  kVmls,
  kVnmla,
  kVnmls,
  kVmul,
  kVnmul,
  kVadd,
  kVsub,
  kVdiv,
  kVfma,
  kVfms,
  kVfnma,
  kVfnms,
  kVsqrt
};
void fp_arithmetic(const Fields&, const Site&, unsigned kind, Op&);
enum FpMove : uint8_t { kVmov, kVabs, kVneg };
void fp_move(const Fields&, const Site&, unsigned kind, Op&);
void fp_immediate(const Fields&, const Site&, unsigned kind, Op&);
void fp_compare(const Fields&, const Site&, unsigned kind, Op&);  ///< kind: 1 with zero
enum FpConvert : uint8_t { kFromInteger, kToInteger, kFixed, kHalf };
void fp_convert(const Fields&, const Site&, unsigned kind, Op&);
enum FpTransfer : uint8_t {
  kToSingle,
  kFromSingle,
  kToTwoSingles,
  kFromTwoSingles,
  kToDouble,
  kFromDouble,
  kToScalar,
  kFromScalar,
  kVmrs,
  kVmsr
};
void fp_transfer(const Fields&, const Site&, unsigned kind, Op&);
enum FpAccess : uint8_t { kVstr, kVldr, kVstm, kVldm, kVstmdb, kVldmdb, kDouble = 8 };
void fp_access(const Fields&, const Site&, unsigned kind, Op&);

}  // namespace xedgesim::isa::arm
