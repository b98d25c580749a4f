// The decode table: one row an encoding, named as in the ARMv7-M Architecture Reference Manual (DDI 0403).
// Letters of the pictures: picture.h. An encoding that is a special case of another stands before it.
#include <algorithm>
#include <array>
#include <vector>

#include "isa/arm/decode.h"
#include "isa/arm/forms.h"

namespace xedgesim::isa::arm {
namespace {

using enum Cost;
constexpr bool kFirst = true;

constexpr Row kTable[] = {
    // --- 16-bit: shift (immediate), add, subtract, move, compare (A5.2.1) ---
    {"MOV (register) T2", "0000000000mmmddd", shift_immediate, kLsl | kOutsideIt, one},
    {"LSL (immediate) T1", "00000iiiiimmmddd", shift_immediate, kLsl | kOutsideIt, one},
    {"LSR (immediate) T1", "00001iiiiimmmddd", shift_immediate, kLsr | kOutsideIt, one},
    {"ASR (immediate) T1", "00010iiiiimmmddd", shift_immediate, kAsr | kOutsideIt, one},
    {"ADD (register) T1", "0001100mmmnnnddd", alu_three_registers_16, kAdd | kOutsideIt, one},
    {"SUB (register) T1", "0001101mmmnnnddd", alu_three_registers_16, kSub | kOutsideIt, one},
    {"ADD (immediate) T1", "0001110iiinnnddd", alu_immediate_16, kAdd | kOutsideIt, one},
    {"SUB (immediate) T1", "0001111iiinnnddd", alu_immediate_16, kSub | kOutsideIt, one},
    {"MOV (immediate) T1", "00100dddiiiiiiii", alu_immediate_16, kMov | kOutsideIt, one},
    {"CMP (immediate) T1", "00101nnniiiiiiii", alu_immediate_16, kCmp, one},
    {"ADD (immediate) T2", "00110dddiiiiiiii", alu_immediate_16, kAdd | kOutsideIt, one},
    {"SUB (immediate) T2", "00111dddiiiiiiii", alu_immediate_16, kSub | kOutsideIt, one},
    // --- 16-bit: data processing (A5.2.2) ---
    {"AND (register) T1", "0100000000mmmddd", alu_register_16, kAnd | kOutsideIt, one},
    {"EOR (register) T1", "0100000001mmmddd", alu_register_16, kEor | kOutsideIt, one},
    {"LSL (register) T1", "0100000010mmmddd", shift_register, kLsl | kOutsideIt, one},
    {"LSR (register) T1", "0100000011mmmddd", shift_register, kLsr | kOutsideIt, one},
    {"ASR (register) T1", "0100000100mmmddd", shift_register, kAsr | kOutsideIt, one},
    {"ADC (register) T1", "0100000101mmmddd", alu_register_16, kAdc | kOutsideIt, one},
    {"SBC (register) T1", "0100000110mmmddd", alu_register_16, kSbc | kOutsideIt, one},
    {"ROR (register) T1", "0100000111mmmddd", shift_register, kRor | kOutsideIt, one},
    {"TST (register) T1", "0100001000mmmddd", alu_register_16, kTst, one},
    {"RSB (immediate) T1", "0100001001nnnddd", negate_16, kRsb | kOutsideIt, one},
    {"CMP (register) T1", "0100001010mmmddd", alu_register_16, kCmp, one},
    {"CMN (register) T1", "0100001011mmmddd", alu_register_16, kCmn, one},
    {"ORR (register) T1", "0100001100mmmddd", alu_register_16, kOrr | kOutsideIt, one},
    {"MUL T1", "0100001101nnnddd", multiply_16, kMul | kOutsideIt, one},
    {"BIC (register) T1", "0100001110mmmddd", alu_register_16, kBic | kOutsideIt, one},
    {"MVN (register) T1", "0100001111mmmddd", alu_register_16, kMvn | kOutsideIt, one},
    // --- 16-bit: special data and branch exchange (A5.2.3) ---
    {"ADD (register) T2", "01000100DMMMMDDD", alu_high_registers, kAdd, one},
    {"CMP (register) T2", "01000101dmmmmddd", alu_high_registers, kCmp, one},
    {"MOV (register) T1", "01000110DMMMMDDD", alu_high_registers, kMov, one},
    {"BX T1", "010001110mmmmzzz", branch_register, 0, flow},
    {"BLX (register) T1", "010001111mmmmzzz", branch_register, 1, flow},
    // --- 16-bit: loads and stores (A5.2.4) ---
    {"LDR (literal) T1", "01001tttiiiiiiii", load_literal, kLdr, load},
    {"STR (register) T1", "0101000mmmnnnttt", access_register, kStr, store},
    {"STRH (register) T1", "0101001mmmnnnttt", access_register, kStrh, store},
    {"STRB (register) T1", "0101010mmmnnnttt", access_register, kStrb, store},
    {"LDRSB (register) T1", "0101011mmmnnnttt", access_register, kLdrsb, load},
    {"LDR (register) T1", "0101100mmmnnnttt", access_register, kLdr, load},
    {"LDRH (register) T1", "0101101mmmnnnttt", access_register, kLdrh, load},
    {"LDRB (register) T1", "0101110mmmnnnttt", access_register, kLdrb, load},
    {"LDRSH (register) T1", "0101111mmmnnnttt", access_register, kLdrsh, load},
    {"STR (immediate) T1", "01100iiiiinnnttt", access_immediate_16, kStr, store},
    {"LDR (immediate) T1", "01101iiiiinnnttt", access_immediate_16, kLdr, load},
    {"STRB (immediate) T1", "01110iiiiinnnttt", access_immediate_16, kStrb, store},
    {"LDRB (immediate) T1", "01111iiiiinnnttt", access_immediate_16, kLdrb, load},
    {"STRH (immediate) T1", "10000iiiiinnnttt", access_immediate_16, kStrh, store},
    {"LDRH (immediate) T1", "10001iiiiinnnttt", access_immediate_16, kLdrh, load},
    {"STR (immediate) T2", "10010tttiiiiiiii", access_sp_16, kStr, store},
    {"LDR (immediate) T2", "10011tttiiiiiiii", access_sp_16, kLdr, load},
    {"STM T1", "11000nnniiiiiiii", access_multiple, kStm16, multiple},
    {"LDM T1", "11001nnniiiiiiii", access_multiple, kLdm16, multiple},
    // --- 16-bit: addresses and miscellaneous (A5.2.5) ---
    {"ADR T1", "10100dddiiiiiiii", address_of_label, 0, one},
    {"ADD (SP plus immediate) T1", "10101dddiiiiiiii", alu_sp_immediate, kAdd, one},
    {"ADD (SP plus immediate) T2", "101100000iiiiiii", alu_sp_immediate, kAdd, one},
    {"SUB (SP minus immediate) T1", "101100001iiiiiii", alu_sp_immediate, kSub, one},
    {"CBZ T1", "101100i1iiiiinnn", compare_branch, 0, flow},
    {"CBNZ T1", "101110i1iiiiinnn", compare_branch, 1, flow},
    {"SXTH T1", "1011001000mmmddd", extend, kSxth, one},
    {"SXTB T1", "1011001001mmmddd", extend, kSxtb, one},
    {"UXTH T1", "1011001010mmmddd", extend, kUxth, one},
    {"UXTB T1", "1011001011mmmddd", extend, kUxtb, one},
    {"PUSH T1", "1011010iiiiiiiii", access_multiple, kPush, multiple},
    {"POP T1", "1011110iiiiiiiii", access_multiple, kPop, multiple},
    {"CPS T1", "10110110011xzzii", change_processor_state, 0, two},
    {"REV T1", "1011101000mmmddd", bit_operation, kRev, one},
    {"REV16 T1", "1011101001mmmddd", bit_operation, kRev16, one},
    {"REVSH T1", "1011101011mmmddd", bit_operation, kRevsh, one},
    {"BKPT T1", "10111110iiiiiiii", breakpoint, 0, one},
    {"WFE T1", "1011111100100000", system_operation, kWfe, one},
    {"WFI T1", "1011111100110000", system_operation, kWfi, one},
    {"SEV T1", "1011111101000000", system_operation, kSev, one},
    {"NOP T1, YIELD T1, unallocated hints", "10111111iiii0000", system_operation, kNop, one},
    {"IT T1", "10111111iiiiiiii", if_then, 0, one},
    // --- 16-bit: branches and SVC (A5.2.6) ---
    {"UDF T1", "11011110iiiiiiii", system_operation, kUdf, one},
    {"SVC T1", "11011111iiiiiiii", supervisor_call, 0, one},
    {"B T1", "1101cccciiiiiiii", branch, 1, flow},
    {"B T2", "11100iiiiiiiiiii", branch, 2, flow},
    // --- 32-bit: data processing (modified immediate) (A5.3.1) ---
    {"TST (immediate) T1", "11110i000001nnnn0iii1111iiiiiiii", alu_immediate, kTst, one},
    {"AND (immediate) T1", "11110i00000snnnn0iiiddddiiiiiiii", alu_immediate, kAnd, one},
    {"BIC (immediate) T1", "11110i00001snnnn0iiiddddiiiiiiii", alu_immediate, kBic, one},
    {"MOV (immediate) T2", "11110i00010s11110iiiddddiiiiiiii", alu_immediate, kMov, one},
    {"ORR (immediate) T1", "11110i00010snnnn0iiiddddiiiiiiii", alu_immediate, kOrr, one},
    {"MVN (immediate) T1", "11110i00011s11110iiiddddiiiiiiii", alu_immediate, kMvn, one},
    {"ORN (immediate) T1", "11110i00011snnnn0iiiddddiiiiiiii", alu_immediate, kOrn, one},
    {"TEQ (immediate) T1", "11110i001001nnnn0iii1111iiiiiiii", alu_immediate, kTeq, one},
    {"EOR (immediate) T1", "11110i00100snnnn0iiiddddiiiiiiii", alu_immediate, kEor, one},
    {"CMN (immediate) T1", "11110i010001nnnn0iii1111iiiiiiii", alu_immediate, kCmn, one},
    {"ADD (immediate) T3", "11110i01000snnnn0iiiddddiiiiiiii", alu_immediate, kAdd, one},
    {"ADC (immediate) T1", "11110i01010snnnn0iiiddddiiiiiiii", alu_immediate, kAdc, one},
    {"SBC (immediate) T1", "11110i01011snnnn0iiiddddiiiiiiii", alu_immediate, kSbc, one},
    {"CMP (immediate) T2", "11110i011011nnnn0iii1111iiiiiiii", alu_immediate, kCmp, one},
    {"SUB (immediate) T3", "11110i01101snnnn0iiiddddiiiiiiii", alu_immediate, kSub, one},
    {"RSB (immediate) T2", "11110i01110snnnn0iiiddddiiiiiiii", alu_immediate, kRsb, one},
    // --- 32-bit: data processing (plain binary immediate) (A5.3.3) ---
    {"ADR T3", "11110i10000011110iiiddddiiiiiiii", address_of_label, 1, one},
    {"ADD (immediate) T4", "11110i100000nnnn0iiiddddiiiiiiii", alu_plain_immediate, kAdd, one},
    {"MOV (immediate) T3", "11110v100100wwww0iiiddddiiiiiiii", move_wide, 0, one},
    {"ADR T2", "11110i10101011110iiiddddiiiiiiii", address_of_label, 2, one},
    {"SUB (immediate) T4", "11110i101010nnnn0iiiddddiiiiiiii", alu_plain_immediate, kSub, one},
    {"MOVT T1", "11110v101100wwww0iiiddddiiiiiiii", move_wide, 1, one},
    {"SSAT16 T1", "11110z110010nnnn0000dddd00zzssss", saturate, 2, one},
    {"SSAT T1", "11110z1100y0nnnn0iiiddddiizsssss", saturate, 0, one},
    {"SBFX T1", "11110z110100nnnn0iiiddddiizsssss", bit_field, kSbfx, one},
    {"BFC T1", "11110z11011011110iiiddddiizsssss", bit_field, kBfc, one},
    {"BFI T1", "11110z110110nnnn0iiiddddiizsssss", bit_field, kBfi, one},
    {"USAT16 T1", "11110z111010nnnn0000dddd00zzssss", saturate, 3, one},
    {"USAT T1", "11110z1110y0nnnn0iiiddddiizsssss", saturate, 1, one},
    {"UBFX T1", "11110z111100nnnn0iiiddddiizsssss", bit_field, kUbfx, one},
    // --- 32-bit: branches and miscellaneous control (A5.3.4) ---
    {"MSR T1", "111100111000nnnn10z0yyzzssssssss", move_to_special, 0, two},
    {"WFE T2", "111100111010uuuu10z0z00000000010", system_operation, kWfe, one},
    {"WFI T2", "111100111010uuuu10z0z00000000011", system_operation, kWfi, one},
    {"SEV T2", "111100111010uuuu10z0z00000000100", system_operation, kSev, one},
    {"NOP T2, YIELD T2, DBG T1, unallocated hints", "111100111010uuuu10z0z000iiiiiiii", system_operation,
     kNop, one},
    {"CLREX T1", "111100111011uuuu10z0uuuu0010uuuu", system_operation, kClrex, one},
    {"DSB T1", "111100111011uuuu10z0uuuu0100iiii", system_operation, kBarrier, one},
    {"DMB T1", "111100111011uuuu10z0uuuu0101iiii", system_operation, kBarrier, one},
    {"ISB T1", "111100111011uuuu10z0uuuu0110iiii", system_operation, kBarrier, barrier},
    {"MRS T1", "111100111110uuuu10z0ddddssssssss", move_from_special, 0, two},
    {"UDF T2", "111101111111iiii1010iiiiiiiiiiii", system_operation, kUdf, one},
    {"B T3", "11110scccciiiiii10j0kiiiiiiiiiii", branch, 3, flow},
    {"B T4", "11110siiiiiiiiii10j1kiiiiiiiiiii", branch, 4, flow},
    {"BL T1", "11110siiiiiiiiii11j1kiiiiiiiiiii", branch_link, 0, flow},
    // --- 32-bit: load and store multiple (A5.3.5) ---
    {"STM T2", "1110100010w0nnnniiiiiiiiiiiiiiii", access_multiple, kStm, multiple},
    {"POP T2", "1110100010111101iiiiiiiiiiiiiiii", access_multiple, kLdm, multiple},
    {"LDM T2", "1110100010w1nnnniiiiiiiiiiiiiiii", access_multiple, kLdm, multiple},
    {"PUSH T2", "1110100100101101iiiiiiiiiiiiiiii", access_multiple, kStmdb, multiple},
    {"STMDB T1", "1110100100w0nnnniiiiiiiiiiiiiiii", access_multiple, kStmdb, multiple},
    {"LDMDB T1", "1110100100w1nnnniiiiiiiiiiiiiiii", access_multiple, kLdmdb, multiple},
    // --- 32-bit: load/store dual or exclusive, table branch (A5.3.6) ---
    {"STREX T1", "111010000100nnnnttttaaaaiiiiiiii", access_exclusive, kStr, two},
    {"LDREX T1", "111010000101nnnnttttuuuuiiiiiiii", access_exclusive, kLdr, two},
    {"STREXB T1", "111010001100nnnnttttuuuu0100aaaa", access_exclusive, kStrb, two},
    {"STREXH T1", "111010001100nnnnttttuuuu0101aaaa", access_exclusive, kStrh, two},
    {"TBB T1", "111010001101NNNNuuuuzzzz0000mmmm", table_branch, 0, two},
    {"TBH T1", "111010001101NNNNuuuuzzzz0001mmmm", table_branch, 1, two},
    {"LDREXB T1", "111010001101nnnnttttuuuu0100uuuu", access_exclusive, kLdrb, two},
    {"LDREXH T1", "111010001101nnnnttttuuuu0101uuuu", access_exclusive, kLdrh, two},
    {"LDRD (literal) T1", "11101001v1011111ttttaaaaiiiiiiii", access_pair, 2, pair},
    {"STRD (immediate) T1", "11101001v1w0nnnnttttaaaaiiiiiiii", access_pair, 0, pair},
    {"LDRD (immediate) T1", "11101001v1w1nnnnttttaaaaiiiiiiii", access_pair, 1, pair},
    {"STRD (immediate) T1, post-indexed", "11101000v110nnnnttttaaaaiiiiiiii", access_pair, 4, pair},
    {"LDRD (immediate) T1, post-indexed", "11101000v111nnnnttttaaaaiiiiiiii", access_pair, 5, pair},
    // --- 32-bit: loads, memory hints (A5.3.7 to A5.3.9) ---
    {"PLD (literal) T1", "11111000v00111111111iiiiiiiiiiii", system_operation, kNop, one, kFirst},
    {"LDRB (literal) T1", "11111000v0011111ttttiiiiiiiiiiii", load_literal, kLdrb, load, kFirst},
    {"PLD (immediate) T1", "111110001001nnnn1111iiiiiiiiiiii", system_operation, kNop, one},
    {"LDRB (immediate) T2", "111110001001nnnnttttiiiiiiiiiiii", access_immediate_12, kLdrb, load},
    {"PLD (register) T1", "111110000001nnnn1111000000iimmmm", system_operation, kNop, one},
    {"LDRB (register) T2", "111110000001nnnntttt000000iimmmm", access_register, kLdrb, load},
    {"PLD (immediate) T2", "111110000001nnnn11111100iiiiiiii", system_operation, kNop, one},
    {"LDRBT T1", "111110000001nnnntttt1110iiiiiiii", access_unprivileged, kLdrb, load},
    {"LDRB (immediate) T3", "111110000001nnnntttt1pvwiiiiiiii", access_immediate_8, kLdrb, load},
    {"PLI (literal) T3", "11111001v00111111111iiiiiiiiiiii", system_operation, kNop, one, kFirst},
    {"LDRSB (literal) T1", "11111001v0011111ttttiiiiiiiiiiii", load_literal, kLdrsb, load, kFirst},
    {"PLI (immediate) T1", "111110011001nnnn1111iiiiiiiiiiii", system_operation, kNop, one},
    {"LDRSB (immediate) T1", "111110011001nnnnttttiiiiiiiiiiii", access_immediate_12, kLdrsb, load},
    {"PLI (register) T1", "111110010001nnnn1111000000iimmmm", system_operation, kNop, one},
    {"LDRSB (register) T2", "111110010001nnnntttt000000iimmmm", access_register, kLdrsb, load},
    {"PLI (immediate) T2", "111110010001nnnn11111100iiiiiiii", system_operation, kNop, one},
    {"LDRSBT T1", "111110010001nnnntttt1110iiiiiiii", access_unprivileged, kLdrsb, load},
    {"LDRSB (immediate) T2", "111110010001nnnntttt1pvwiiiiiiii", access_immediate_8, kLdrsb, load},
    {"Unallocated memory hint (halfword, literal)", "11111000v01111111111iiiiiiiiiiii", system_operation,
     kNop, one, kFirst},
    {"LDRH (literal) T1", "11111000v0111111ttttiiiiiiiiiiii", load_literal, kLdrh, load, kFirst},
    {"Unallocated memory hint (halfword, immediate)", "111110001011nnnn1111iiiiiiiiiiii", system_operation,
     kNop, one},
    {"LDRH (immediate) T2", "111110001011nnnnttttiiiiiiiiiiii", access_immediate_12, kLdrh, load},
    {"Unallocated memory hint (halfword, register)", "111110000011nnnn1111000000iimmmm", system_operation,
     kNop, one},
    {"LDRH (register) T2", "111110000011nnnntttt000000iimmmm", access_register, kLdrh, load},
    {"Unallocated memory hint (halfword, negative)", "111110000011nnnn11111100iiiiiiii", system_operation,
     kNop, one},
    {"LDRHT T1", "111110000011nnnntttt1110iiiiiiii", access_unprivileged, kLdrh, load},
    {"LDRH (immediate) T3", "111110000011nnnntttt1pvwiiiiiiii", access_immediate_8, kLdrh, load},
    {"Unallocated memory hint (signed, literal)", "11111001v01111111111iiiiiiiiiiii", system_operation, kNop,
     one, kFirst},
    {"LDRSH (literal) T1", "11111001v0111111ttttiiiiiiiiiiii", load_literal, kLdrsh, load, kFirst},
    {"Unallocated memory hint (signed, immediate)", "111110011011nnnn1111iiiiiiiiiiii", system_operation,
     kNop, one},
    {"LDRSH (immediate) T1", "111110011011nnnnttttiiiiiiiiiiii", access_immediate_12, kLdrsh, load},
    {"Unallocated memory hint (signed, register)", "111110010011nnnn1111000000iimmmm", system_operation, kNop,
     one},
    {"LDRSH (register) T2", "111110010011nnnntttt000000iimmmm", access_register, kLdrsh, load},
    {"Unallocated memory hint (signed, negative)", "111110010011nnnn11111100iiiiiiii", system_operation, kNop,
     one},
    {"LDRSHT T1", "111110010011nnnntttt1110iiiiiiii", access_unprivileged, kLdrsh, load},
    {"LDRSH (immediate) T2", "111110010011nnnntttt1pvwiiiiiiii", access_immediate_8, kLdrsh, load},
    {"LDR (literal) T2", "11111000v1011111TTTTiiiiiiiiiiii", load_literal, kLdr, load, kFirst},
    {"LDR (immediate) T3", "111110001101nnnnTTTTiiiiiiiiiiii", access_immediate_12, kLdr, load},
    {"LDR (register) T2", "111110000101nnnnTTTT000000iimmmm", access_register, kLdr, load},
    {"LDRT T1", "111110000101nnnntttt1110iiiiiiii", access_unprivileged, kLdr, load},
    {"POP T3", "1111100001011101TTTT101100000100", access_immediate_8, kLdr, load},
    {"LDR (immediate) T4", "111110000101nnnnTTTT1pvwiiiiiiii", access_immediate_8, kLdr, load},
    // --- 32-bit: stores (A5.3.10) ---
    {"STRB (immediate) T2", "111110001000nnnnttttiiiiiiiiiiii", access_immediate_12, kStrb, store},
    {"STRB (register) T2", "111110000000nnnntttt000000iimmmm", access_register, kStrb, store},
    {"STRBT T1", "111110000000nnnntttt1110iiiiiiii", access_unprivileged, kStrb, store},
    {"STRB (immediate) T3", "111110000000nnnntttt1pvwiiiiiiii", access_immediate_8, kStrb, store},
    {"STRH (immediate) T2", "111110001010nnnnttttiiiiiiiiiiii", access_immediate_12, kStrh, store},
    {"STRH (register) T2", "111110000010nnnntttt000000iimmmm", access_register, kStrh, store},
    {"STRHT T1", "111110000010nnnntttt1110iiiiiiii", access_unprivileged, kStrh, store},
    {"STRH (immediate) T3", "111110000010nnnntttt1pvwiiiiiiii", access_immediate_8, kStrh, store},
    {"STR (immediate) T3", "111110001100nnnnttttiiiiiiiiiiii", access_immediate_12, kStr, store},
    {"STR (register) T2", "111110000100nnnntttt000000iimmmm", access_register, kStr, store},
    {"STRT T1", "111110000100nnnntttt1110iiiiiiii", access_unprivileged, kStr, store},
    {"PUSH T3", "1111100001001101tttt110100000100", access_immediate_8, kStr, store},
    {"STR (immediate) T4", "111110000100nnnntttt1pvwiiiiiiii", access_immediate_8, kStr, store},
    // --- 32-bit: data processing (shifted register) (A5.3.11) ---
    {"TST (register) T2", "111010100001nnnnziii1111iiyymmmm", alu_register, kTst, one},
    {"AND (register) T2", "11101010000snnnnziiiddddiiyymmmm", alu_register, kAnd, one},
    {"BIC (register) T2", "11101010001snnnnziiiddddiiyymmmm", alu_register, kBic, one},
    {"MOV (register) T3", "11101010010s1111z000dddd0000mmmm", shift_immediate, kLsl, one},
    {"LSL (immediate) T2", "11101010010s1111ziiiddddii00mmmm", shift_immediate, kLsl, one},
    {"LSR (immediate) T2", "11101010010s1111ziiiddddii01mmmm", shift_immediate, kLsr, one},
    {"ASR (immediate) T2", "11101010010s1111ziiiddddii10mmmm", shift_immediate, kAsr, one},
    {"RRX T1", "11101010010s1111z000dddd0011mmmm", shift_immediate, kRrx, one},
    {"ROR (immediate) T1", "11101010010s1111ziiiddddii11mmmm", shift_immediate, kRor, one},
    {"ORR (register) T2", "11101010010snnnnziiiddddiiyymmmm", alu_register, kOrr, one},
    {"MVN (register) T2", "11101010011s1111ziiiddddiiyymmmm", alu_register, kMvn, one},
    {"ORN (register) T1", "11101010011snnnnziiiddddiiyymmmm", alu_register, kOrn, one},
    {"TEQ (register) T1", "111010101001nnnnziii1111iiyymmmm", alu_register, kTeq, one},
    {"EOR (register) T2", "11101010100snnnnziiiddddiiyymmmm", alu_register, kEor, one},
    {"PKHBT, PKHTB T1", "111010101100nnnnziiiddddiib0mmmm", pack_halfword, kPkh, one},
    {"CMN (register) T2", "111010110001nnnnziii1111iiyymmmm", alu_register, kCmn, one},
    {"ADD (register) T3", "11101011000snnnnziiiddddiiyymmmm", alu_register, kAdd, one},
    {"ADC (register) T2", "11101011010snnnnziiiddddiiyymmmm", alu_register, kAdc, one},
    {"SBC (register) T2", "11101011011snnnnziiiddddiiyymmmm", alu_register, kSbc, one},
    {"CMP (register) T3", "111010111011nnnnziii1111iiyymmmm", alu_register, kCmp, one},
    {"SUB (register) T2", "11101011101snnnnziiiddddiiyymmmm", alu_register, kSub, one},
    {"RSB (register) T1", "11101011110snnnnziiiddddiiyymmmm", alu_register, kRsb, one},
    // --- 32-bit: data processing (register) (A5.3.12, A5.3.15) ---
    {"LSL (register) T2", "11111010000snnnn1111dddd0000mmmm", shift_register, kLsl, one},
    {"LSR (register) T2", "11111010001snnnn1111dddd0000mmmm", shift_register, kLsr, one},
    {"ASR (register) T2", "11111010010snnnn1111dddd0000mmmm", shift_register, kAsr, one},
    {"ROR (register) T2", "11111010011snnnn1111dddd0000mmmm", shift_register, kRor, one},
    {"SXTH T2", "11111010000011111111dddd1ziimmmm", extend, kSxth, one},
    {"SXTAH T1", "111110100000nnnn1111dddd1ziimmmm", extend_and_add, kSxth, one},
    {"UXTH T2", "11111010000111111111dddd1ziimmmm", extend, kUxth, one},
    {"UXTAH T1", "111110100001nnnn1111dddd1ziimmmm", extend_and_add, kUxth, one},
    {"SXTB16 T1", "11111010001011111111dddd1ziimmmm", extend, kSxtb16, one},
    {"SXTAB16 T1", "111110100010nnnn1111dddd1ziimmmm", extend_and_add, kSxtb16, one},
    {"UXTB16 T1", "11111010001111111111dddd1ziimmmm", extend, kUxtb16, one},
    {"UXTAB16 T1", "111110100011nnnn1111dddd1ziimmmm", extend_and_add, kUxtb16, one},
    {"SXTB T2", "11111010010011111111dddd1ziimmmm", extend, kSxtb, one},
    {"SXTAB T1", "111110100100nnnn1111dddd1ziimmmm", extend_and_add, kSxtb, one},
    {"UXTB T2", "11111010010111111111dddd1ziimmmm", extend, kUxtb, one},
    {"UXTAB T1", "111110100101nnnn1111dddd1ziimmmm", extend_and_add, kUxtb, one},
    // --- 32-bit: parallel addition and subtraction (A5.3.13, A5.3.14) ---
    {"SADD8 T1", "111110101000nnnn1111dddd0000mmmm", parallel, parallel_kind(kAdd8, kSigned), one},
    {"SADD16 T1", "111110101001nnnn1111dddd0000mmmm", parallel, parallel_kind(kAdd16, kSigned), one},
    {"SASX T1", "111110101010nnnn1111dddd0000mmmm", parallel, parallel_kind(kAsx, kSigned), one},
    {"SSUB8 T1", "111110101100nnnn1111dddd0000mmmm", parallel, parallel_kind(kSub8, kSigned), one},
    {"SSUB16 T1", "111110101101nnnn1111dddd0000mmmm", parallel, parallel_kind(kSub16, kSigned), one},
    {"SSAX T1", "111110101110nnnn1111dddd0000mmmm", parallel, parallel_kind(kSax, kSigned), one},
    {"QADD8 T1", "111110101000nnnn1111dddd0001mmmm", parallel, parallel_kind(kAdd8, kSaturating), one},
    {"QADD16 T1", "111110101001nnnn1111dddd0001mmmm", parallel, parallel_kind(kAdd16, kSaturating), one},
    {"QASX T1", "111110101010nnnn1111dddd0001mmmm", parallel, parallel_kind(kAsx, kSaturating), one},
    {"QSUB8 T1", "111110101100nnnn1111dddd0001mmmm", parallel, parallel_kind(kSub8, kSaturating), one},
    {"QSUB16 T1", "111110101101nnnn1111dddd0001mmmm", parallel, parallel_kind(kSub16, kSaturating), one},
    {"QSAX T1", "111110101110nnnn1111dddd0001mmmm", parallel, parallel_kind(kSax, kSaturating), one},
    {"SHADD8 T1", "111110101000nnnn1111dddd0010mmmm", parallel, parallel_kind(kAdd8, kSignedHalving), one},
    {"SHADD16 T1", "111110101001nnnn1111dddd0010mmmm", parallel, parallel_kind(kAdd16, kSignedHalving), one},
    {"SHASX T1", "111110101010nnnn1111dddd0010mmmm", parallel, parallel_kind(kAsx, kSignedHalving), one},
    {"SHSUB8 T1", "111110101100nnnn1111dddd0010mmmm", parallel, parallel_kind(kSub8, kSignedHalving), one},
    {"SHSUB16 T1", "111110101101nnnn1111dddd0010mmmm", parallel, parallel_kind(kSub16, kSignedHalving), one},
    {"SHSAX T1", "111110101110nnnn1111dddd0010mmmm", parallel, parallel_kind(kSax, kSignedHalving), one},
    {"UADD8 T1", "111110101000nnnn1111dddd0100mmmm", parallel, parallel_kind(kAdd8, kUnsigned), one},
    {"UADD16 T1", "111110101001nnnn1111dddd0100mmmm", parallel, parallel_kind(kAdd16, kUnsigned), one},
    {"UASX T1", "111110101010nnnn1111dddd0100mmmm", parallel, parallel_kind(kAsx, kUnsigned), one},
    {"USUB8 T1", "111110101100nnnn1111dddd0100mmmm", parallel, parallel_kind(kSub8, kUnsigned), one},
    {"USUB16 T1", "111110101101nnnn1111dddd0100mmmm", parallel, parallel_kind(kSub16, kUnsigned), one},
    {"USAX T1", "111110101110nnnn1111dddd0100mmmm", parallel, parallel_kind(kSax, kUnsigned), one},
    {"UQADD8 T1", "111110101000nnnn1111dddd0101mmmm", parallel, parallel_kind(kAdd8, kUnsignedSaturating),
     one},
    {"UQADD16 T1", "111110101001nnnn1111dddd0101mmmm", parallel, parallel_kind(kAdd16, kUnsignedSaturating),
     one},
    {"UQASX T1", "111110101010nnnn1111dddd0101mmmm", parallel, parallel_kind(kAsx, kUnsignedSaturating), one},
    {"UQSUB8 T1", "111110101100nnnn1111dddd0101mmmm", parallel, parallel_kind(kSub8, kUnsignedSaturating),
     one},
    {"UQSUB16 T1", "111110101101nnnn1111dddd0101mmmm", parallel, parallel_kind(kSub16, kUnsignedSaturating),
     one},
    {"UQSAX T1", "111110101110nnnn1111dddd0101mmmm", parallel, parallel_kind(kSax, kUnsignedSaturating), one},
    {"UHADD8 T1", "111110101000nnnn1111dddd0110mmmm", parallel, parallel_kind(kAdd8, kUnsignedHalving), one},
    {"UHADD16 T1", "111110101001nnnn1111dddd0110mmmm", parallel, parallel_kind(kAdd16, kUnsignedHalving),
     one},
    {"UHASX T1", "111110101010nnnn1111dddd0110mmmm", parallel, parallel_kind(kAsx, kUnsignedHalving), one},
    {"UHSUB8 T1", "111110101100nnnn1111dddd0110mmmm", parallel, parallel_kind(kSub8, kUnsignedHalving), one},
    {"UHSUB16 T1", "111110101101nnnn1111dddd0110mmmm", parallel, parallel_kind(kSub16, kUnsignedHalving),
     one},
    {"UHSAX T1", "111110101110nnnn1111dddd0110mmmm", parallel, parallel_kind(kSax, kUnsignedHalving), one},
    {"QADD T1", "111110101000nnnn1111dddd1000mmmm", saturating_add, 0, one},
    {"QDADD T1", "111110101000nnnn1111dddd1001mmmm", saturating_add, 1, one},
    {"QSUB T1", "111110101000nnnn1111dddd1010mmmm", saturating_add, 2, one},
    {"QDSUB T1", "111110101000nnnn1111dddd1011mmmm", saturating_add, 3, one},
    {"REV T2", "111110101001nnnn1111dddd1000mmmm", bit_operation, kRev, one},
    {"REV16 T2", "111110101001nnnn1111dddd1001mmmm", bit_operation, kRev16, one},
    {"RBIT T1", "111110101001nnnn1111dddd1010mmmm", bit_operation, kRbit, one},
    {"REVSH T2", "111110101001nnnn1111dddd1011mmmm", bit_operation, kRevsh, one},
    {"SEL T1", "111110101010nnnn1111dddd1000mmmm", select_bytes, 0, one},
    {"CLZ T1", "111110101011nnnn1111dddd1000mmmm", bit_operation, kClz, one},
    // --- 32-bit: multiply and divide (A5.3.16, A5.3.17) ---
    {"MUL T2", "111110110000nnnn1111dddd0000mmmm", multiply, kMul, one},
    {"MLA T1", "111110110000nnnnaaaadddd0000mmmm", multiply, kMla, one},
    {"MLS T1", "111110110000nnnnaaaadddd0001mmmm", multiply, kMls, one},
    {"SMULBB, SMULBT, SMULTB, SMULTT T1", "111110110001nnnn1111dddd00xymmmm", multiply, kSmulxy, one},
    {"SMLABB, SMLABT, SMLATB, SMLATT T1", "111110110001nnnnaaaadddd00xymmmm", multiply, kSmlaxy, one},
    {"SMUAD, SMUADX T1", "111110110010nnnn1111dddd000ymmmm", multiply, kSmuad, one},
    {"SMLAD, SMLADX T1", "111110110010nnnnaaaadddd000ymmmm", multiply, kSmlad, one},
    {"SMULWB, SMULWT T1", "111110110011nnnn1111dddd000ymmmm", multiply, kSmulw, one},
    {"SMLAWB, SMLAWT T1", "111110110011nnnnaaaadddd000ymmmm", multiply, kSmlaw, one},
    {"SMUSD, SMUSDX T1", "111110110100nnnn1111dddd000ymmmm", multiply, kSmusd, one},
    {"SMLSD, SMLSDX T1", "111110110100nnnnaaaadddd000ymmmm", multiply, kSmlsd, one},
    {"SMMUL, SMMULR T1", "111110110101nnnn1111dddd000ymmmm", multiply, kSmmul, one},
    {"SMMLA, SMMLAR T1", "111110110101nnnnaaaadddd000ymmmm", multiply, kSmmla, one},
    {"SMMLS, SMMLSR T1", "111110110110nnnnaaaadddd000ymmmm", multiply, kSmmls, one},
    {"USAD8 T1", "111110110111nnnn1111dddd0000mmmm", sum_of_differences, 0, one},
    {"USADA8 T1", "111110110111nnnnaaaadddd0000mmmm", sum_of_differences, 1, one},
    {"SMULL T1", "111110111000nnnnttttaaaa0000mmmm", multiply, kSmull, one},
    {"SDIV T1", "111110111001nnnnuuuudddd1111mmmm", multiply, kSdiv, divide},
    {"UMULL T1", "111110111010nnnnttttaaaa0000mmmm", multiply, kUmull, one},
    {"UDIV T1", "111110111011nnnnuuuudddd1111mmmm", multiply, kUdiv, divide},
    {"SMLAL T1", "111110111100nnnnttttaaaa0000mmmm", multiply, kSmlal, one},
    {"SMLALBB, SMLALBT, SMLALTB, SMLALTT T1", "111110111100nnnnttttaaaa10xymmmm", multiply, kSmlalxy, one},
    {"SMLALD, SMLALDX T1", "111110111100nnnnttttaaaa110ymmmm", multiply, kSmlald, one},
    {"SMLSLD, SMLSLDX T1", "111110111101nnnnttttaaaa110ymmmm", multiply, kSmlsld, one},
    {"UMLAL T1", "111110111110nnnnttttaaaa0000mmmm", multiply, kUmlal, one},
    {"UMAAL T1", "111110111110nnnnttttaaaa0110mmmm", multiply, kUmaal, one},
    // --- 32-bit: floating-point data processing (A6.4) ---
    {"VMLA T2", "111011100E00ffffeeee1010F0G0gggg", fp_arithmetic, kVmla, fp_mac},
    {"VMLS T2", "111011100E00ffffeeee1010F1G0gggg", fp_arithmetic, kVmls, fp_mac},
    {"VNMLS T1", "111011100E01ffffeeee1010F0G0gggg", fp_arithmetic, kVnmls, fp_mac},
    {"VNMLA T1", "111011100E01ffffeeee1010F1G0gggg", fp_arithmetic, kVnmla, fp_mac},
    {"VMUL T2", "111011100E10ffffeeee1010F0G0gggg", fp_arithmetic, kVmul, one},
    {"VNMUL T2", "111011100E10ffffeeee1010F1G0gggg", fp_arithmetic, kVnmul, one},
    {"VADD T2", "111011100E11ffffeeee1010F0G0gggg", fp_arithmetic, kVadd, one},
    {"VSUB T2", "111011100E11ffffeeee1010F1G0gggg", fp_arithmetic, kVsub, one},
    {"VDIV T1", "111011101E00ffffeeee1010F0G0gggg", fp_arithmetic, kVdiv, fp_divide},
    {"VFNMS T1", "111011101E01ffffeeee1010F0G0gggg", fp_arithmetic, kVfnms, fp_mac},
    {"VFNMA T1", "111011101E01ffffeeee1010F1G0gggg", fp_arithmetic, kVfnma, fp_mac},
    {"VFMA T2", "111011101E10ffffeeee1010F0G0gggg", fp_arithmetic, kVfma, fp_mac},
    {"VFMS T2", "111011101E10ffffeeee1010F1G0gggg", fp_arithmetic, kVfms, fp_mac},
    {"VMOV (immediate) T2", "111011101E11iiiieeee1010z0z0iiii", fp_immediate, 0, one},
    {"VMOV (register) T2", "111011101E110000eeee101001G0gggg", fp_move, kVmov, one},
    {"VABS T2", "111011101E110000eeee101011G0gggg", fp_move, kVabs, one},
    {"VNEG T2", "111011101E110001eeee101001G0gggg", fp_move, kVneg, one},
    {"VSQRT T1", "111011101E110001eeee101011G0gggg", fp_arithmetic, kVsqrt, fp_divide},
    {"VCVTB, VCVTT T1", "111011101E11001xeeee1010y1G0gggg", fp_convert, kHalf, one},
    {"VCMP, VCMPE T1", "111011101E110100eeee1010y1G0gggg", fp_compare, 0, one},
    {"VCMP, VCMPE T2", "111011101E110101eeee1010y1z0zzzz", fp_compare, 1, one},
    {"VCVT (integer to floating-point) T1", "111011101E111000eeee1010y1G0gggg", fp_convert, kFromInteger,
     one},
    {"VCVT, VCVTR (floating-point to integer) T1", "111011101E11110xeeee1010y1G0gggg", fp_convert, kToInteger,
     one},
    {"VCVT (floating-point and fixed-point) T1", "111011101E111x1weeee1010y1i0iiii", fp_convert, kFixed, one},
    // --- 32-bit: floating-point register transfers (A6.6, A6.7) ---
    {"VMOV (core register to single) T1", "111011100000fffftttt1010Fzz1zzzz", fp_transfer, kToSingle, one},
    {"VMOV (single to core register) T1", "111011100001fffftttt1010Fzz1zzzz", fp_transfer, kFromSingle, one},
    {"VMOV (core register to scalar) T1", "1110111000h0fffftttt1011F001zzzz", fp_transfer, kToScalar, one},
    {"VMOV (scalar to core register) T1", "1110111000h1fffftttt1011F001zzzz", fp_transfer, kFromScalar, one},
    {"VMOV (two core registers to two singles) T1", "111011000100aaaatttt101000G1gggg", fp_transfer,
     kToTwoSingles, two},
    {"VMOV (two singles to two core registers) T1", "111011000101aaaatttt101000G1gggg", fp_transfer,
     kFromTwoSingles, two},
    {"VMOV (two core registers to a double) T1", "111011000100aaaatttt101100G1gggg", fp_transfer, kToDouble,
     two},
    {"VMOV (double to two core registers) T1", "111011000101aaaatttt101100G1gggg", fp_transfer, kFromDouble,
     two},
    {"VMSR T1", "1110111011100001tttt1010zzz1zzzz", fp_transfer, kVmsr, one},
    {"VMRS T1", "1110111011110001TTTT1010zzz1zzzz", fp_transfer, kVmrs, one},
    // --- 32-bit: floating-point loads and stores (A6.5) ---
    {"VPUSH T2", "111011010E101101eeee1010iiiiiiii", fp_access, kVstmdb, fp_words},
    {"VPOP T2", "111011001E111101eeee1010iiiiiiii", fp_access, kVldm, fp_words},
    {"VSTM (increment after) T2", "111011001Ew0nnnneeee1010iiiiiiii", fp_access, kVstm, fp_words},
    {"VSTM (decrement before) T2", "111011010E10nnnneeee1010iiiiiiii", fp_access, kVstmdb, fp_words},
    {"VLDM (increment after) T2", "111011001Ew1nnnneeee1010iiiiiiii", fp_access, kVldm, fp_words},
    {"VLDM (decrement before) T2", "111011010E11nnnneeee1010iiiiiiii", fp_access, kVldmdb, fp_words},
    {"VSTR T2", "11101101vE00nnnneeee1010iiiiiiii", fp_access, kVstr, fp_words},
    {"VLDR T2", "11101101vE01NNNNeeee1010iiiiiiii", fp_access, kVldr, fp_words},
    {"VPUSH T1", "111011010E101101eeee1011iiiiiiii", fp_access, kVstmdb | kDouble, fp_words},
    {"VPOP T1", "111011001E111101eeee1011iiiiiiii", fp_access, kVldm | kDouble, fp_words},
    {"VSTM (increment after) T1", "111011001Ew0nnnneeee1011iiiiiiii", fp_access, kVstm | kDouble, fp_words},
    {"VSTM (decrement before) T1", "111011010E10nnnneeee1011iiiiiiii", fp_access, kVstmdb | kDouble,
     fp_words},
    {"VLDM (increment after) T1", "111011001Ew1nnnneeee1011iiiiiiii", fp_access, kVldm | kDouble, fp_words},
    {"VLDM (decrement before) T1", "111011010E11nnnneeee1011iiiiiiii", fp_access, kVldmdb | kDouble,
     fp_words},
    {"VSTR T1", "11101101vE00nnnneeee1011iiiiiiii", fp_access, kVstr | kDouble, fp_words},
    {"VLDR T1", "11101101vE01NNNNeeee1011iiiiiiii", fp_access, kVldr | kDouble, fp_words},
};

constexpr size_t kRows = std::size(kTable);
static_assert(kRows < kNoRow);

/// Two rows may overlap only when the first is a special case of the second, or says that it goes first.
consteval bool rows_are_ordered() {
  for (size_t i = 0; i < kRows; ++i)
    for (size_t j = i + 1; j < kRows; ++j)
      if (kTable[i].picture.overlaps(kTable[j].picture) && !kTable[i].first &&
          !kTable[i].picture.is_special_case_of(kTable[j].picture))
        return false;
  return true;
}
static_assert(rows_are_ordered(), "two rows of the decode table overlap");

/// Rows by the first halfword's bits 12:4 (wide) or 15:7 (narrow), in the table's order.
class Index {
 public:
  Index() {
    std::array<std::array<std::vector<Entry>, kBuckets>, 2> lists;
    for (uint16_t i = 0; i < kRows; ++i) {
      const auto& p = kTable[i].picture;
      const uint32_t fixed = p.mask >> shift(p.wide) & kMask, value = p.value >> shift(p.wide) & kMask;
      const uint32_t free = ~fixed & kMask;
      uint32_t choice = free;  // every value of the free bits
      for (;; choice = (choice - 1) & free) {
        lists[p.wide][value | choice].push_back({p.mask, p.value, i});
        if (choice == 0) break;
      }
    }
    for (unsigned w = 0; w < 2; ++w)
      for (unsigned b = 0; b < kBuckets; ++b) {
        start_[w][b] = static_cast<uint16_t>(entries_.size());
        entries_.insert(entries_.end(), lists[w][b].begin(), lists[w][b].end());
        end_[w][b] = static_cast<uint16_t>(entries_.size());
      }
  }
  uint16_t find(uint32_t raw, bool wide) const {
    const uint32_t b = raw >> shift(wide) & kMask;
    for (unsigned i = start_[wide][b]; i < end_[wide][b]; ++i)
      if ((raw & entries_[i].mask) == entries_[i].value) return entries_[i].row;
    return kNoRow;
  }

 private:
  static constexpr unsigned kBuckets = 512, kMask = kBuckets - 1;
  static constexpr unsigned shift(bool wide) { return wide ? 20 : 7; }
  struct Entry {
    uint32_t mask, value;
    uint16_t row;
  };
  std::vector<Entry> entries_;
  std::array<std::array<uint16_t, kBuckets>, 2> start_{}, end_{};
};

}  // namespace

std::span<const Row> decode_table() { return kTable; }

uint16_t find_row(uint32_t raw, bool wide) {
  static const Index index;
  return index.find(raw, wide);
}

}  // namespace xedgesim::isa::arm
