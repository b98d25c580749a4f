// The decode table against the manual's alphabetical list of instructions (ARMv7-M ARM DDI 0403, A7.7).
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "isa/arm/decode.h"

namespace xedgesim::isa::arm {
namespace {

constexpr const char* kManual =
    "ADC ADD ADR AND ASR B BFC BFI BIC BKPT BL BLX BX CBNZ CBZ CDP CDP2 CLREX CLZ CMN CMP CPS CPY DBG DMB "
    "DSB EOR ISB "
    "IT LDC LDC2 LDM LDMDB LDR LDRB LDRBT LDRD LDREX LDREXB LDREXH LDRH LDRHT LDRSB LDRSBT LDRSH LDRSHT LDRT "
    "LSL LSR "
    "MCR MCR2 MCRR MCRR2 MLA MLS MOV MOVT MRC MRC2 MRRC MRRC2 MRS MSR MUL MVN NEG NOP ORN ORR PKHBT PKHTB "
    "PLD PLI POP "
    "PUSH QADD QADD16 QADD8 QASX QDADD QDSUB QSAX QSUB QSUB16 QSUB8 RBIT REV REV16 REVSH ROR RRX RSB SADD16 "
    "SADD8 "
    "SASX SBC SBFX SDIV SEL SEV SHADD16 SHADD8 SHASX SHSAX SHSUB16 SHSUB8 SMLABB SMLABT SMLATB SMLATT SMLAD "
    "SMLADX "
    "SMLAL SMLALBB SMLALBT SMLALTB SMLALTT SMLALD SMLALDX SMLAWB SMLAWT SMLSD SMLSDX SMLSLD SMLSLDX SMMLA "
    "SMMLAR SMMLS "
    "SMMLSR SMMUL SMMULR SMUAD SMUADX SMULBB SMULBT SMULTB SMULTT SMULL SMULWB SMULWT SMUSD SMUSDX SSAT "
    "SSAT16 SSAX "
    "SSUB16 SSUB8 STC STC2 STM STMDB STR STRB STRBT STRD STREX STREXB STREXH STRH STRHT STRT SUB SVC SXTAB "
    "SXTAB16 "
    "SXTAH SXTB SXTB16 SXTH TBB TBH TEQ TST UADD16 UADD8 UASX UBFX UDF UDIV UHADD16 UHADD8 UHASX UHSAX "
    "UHSUB16 UHSUB8 "
    "UMAAL UMLAL UMULL UQADD16 UQADD8 UQASX UQSAX UQSUB16 UQSUB8 USAD8 USADA8 USAT USAT16 USAX USUB16 USUB8 "
    "UXTAB "
    "UXTAB16 UXTAH UXTB UXTB16 UXTH VABS VADD VCMP VCMPE VCVT VCVTR VCVTB VCVTT VDIV VFMA VFMS VFNMA VFNMS "
    "VLDM VLDR "
    "VMLA VMLS VMOV VMRS VMSR VMUL VNEG VNMLA VNMLS VNMUL VPOP VPUSH VSQRT VSTM VSTR VSUB VCVTA VCVTN VCVTP "
    "VCVTM "
    "VMAXNM VMINNM VRINTA VRINTN VRINTP VRINTM VRINTX VRINTZ VRINTR VSEL WFE WFI YIELD";

/// Why a name of the manual needs no row.
const std::map<std::string, std::string> kReasons = {
    {"CDP", "no coprocessor but CP10 and CP11: NOCP UsageFault (A5.3.18)"},
    {"CDP2", "as CDP"},
    {"LDC", "as CDP"},
    {"LDC2", "as CDP"},
    {"MCR", "as CDP"},
    {"MCR2", "as CDP"},
    {"MCRR", "as CDP"},
    {"MCRR2", "as CDP"},
    {"MRC", "as CDP"},
    {"MRC2", "as CDP"},
    {"MRRC", "as CDP"},
    {"MRRC2", "as CDP"},
    {"STC", "as CDP"},
    {"STC2", "as CDP"},
    {"CPY", "another name of MOV (register)"},
    {"NEG", "another name of RSB (immediate)"},
    {"VCVTA", "FPv5; the Cortex-M4F has FPv4-SP"},
    {"VCVTN", "FPv5"},
    {"VCVTP", "FPv5"},
    {"VCVTM", "FPv5"},
    {"VMAXNM", "FPv5"},
    {"VMINNM", "FPv5"},
    {"VRINTA", "FPv5"},
    {"VRINTN", "FPv5"},
    {"VRINTP", "FPv5"},
    {"VRINTM", "FPv5"},
    {"VRINTX", "FPv5"},
    {"VRINTZ", "FPv5"},
    {"VRINTR", "FPv5"},
    {"VSEL", "FPv5"},
};

/// The mnemonics a row's name begins with: "SMUAD, SMUADX T1", "NOP T1, YIELD T1, unallocated hints".
std::set<std::string> mnemonics(std::string_view name) {
  std::set<std::string> out;
  std::string word;
  for (const char c : std::string(name) + " ") {
    if (std::isupper(static_cast<unsigned char>(c)) ||
        (std::isdigit(static_cast<unsigned char>(c)) && !word.empty())) {
      word += c;
      continue;
    }
    out.insert(word);
    word.clear();
  }
  return out;
}

TEST(Coverage, EveryInstructionOfTheManualHasARowOrAReason) {
  std::set<std::string> have;
  for (const Row& row : decode_table()) have.merge(mnemonics(row.name));
  std::istringstream manual(kManual);
  unsigned count = 0;
  for (std::string name; manual >> name; ++count) {
    const auto reason = kReasons.find(name);
    if (have.contains(name)) {
      EXPECT_EQ(reason, kReasons.end()) << name << " has a row and a reason for having none";
    } else if (reason != kReasons.end()) {
      std::cout << "without a row: " << name << ": " << reason->second << "\n";
    } else {
      ADD_FAILURE() << "the manual has " << name << ", the decode table has not";
    }
  }
  EXPECT_GT(count, 250u);
}

}  // namespace
}  // namespace xedgesim::isa::arm
