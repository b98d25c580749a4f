#include "debugger/register_file.h"

#include <fmt/format.h>

#include <cstring>
#include <vector>

#include "debugger/packet_reader.h"

namespace xedgesim::debugger {
namespace {

constexpr unsigned kXpsr = 16, kFirstSystem = 17, kFirstDouble = 23, kDoubles = 16;
constexpr unsigned kFpscr = kFirstDouble + kDoubles;
constexpr const char* kSystemNames[] = {"msp", "psp", "primask", "basepri", "faultmask", "control"};

uint32_t* word(isa::Registers& r, unsigned number) {
  uint32_t* const system[] = {&r.msp, &r.psp, &r.primask, &r.basepri, &r.faultmask, &r.control};
  if (number < kXpsr) return &r.r[number];
  if (number == kXpsr) return &r.xpsr;
  if (number < kFirstDouble) return system[number - kFirstSystem];
  return number == kFpscr ? &r.fpscr : nullptr;
}

}  // namespace

std::string RegisterFile::description() const {
  std::string x =
      "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">"
      "<architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">";
  const auto reg = [&](const std::string& name, int bits, const char* type) {
    x += fmt::format("<reg name=\"{}\" bitsize=\"{}\" type=\"{}\"/>", name, bits, type);
  };
  for (int i = 0; i < 13; ++i) reg(fmt::format("r{}", i), 32, "uint32");
  reg("sp", 32, "data_ptr");
  reg("lr", 32, "uint32");
  reg("pc", 32, "code_ptr");
  reg("xpsr", 32, "uint32");
  x += "</feature><feature name=\"org.gnu.gdb.arm.m-system\">";
  for (const char* name : kSystemNames) reg(name, 32, name[1] == 's' ? "data_ptr" : "uint32");
  if (floating_point_) {
    x += "</feature><feature name=\"org.gnu.gdb.arm.vfp\">";
    for (unsigned i = 0; i < kDoubles; ++i) reg(fmt::format("d{}", i), 64, "ieee_double");
    reg("fpscr", 32, "uint32");
  }
  return x + "</feature></target>";
}

unsigned RegisterFile::count() const { return floating_point_ ? kFpscr + 1 : kFirstDouble; }

std::optional<std::string> RegisterFile::read(const isa::Registers& registers, unsigned number) const {
  if (number >= count()) return std::nullopt;
  isa::Registers copy = registers;
  if (const uint32_t* w = word(copy, number)) return to_hex({reinterpret_cast<const char*>(w), sizeof *w});
  const uint32_t* pair = &copy.s[2 * (number - kFirstDouble)];
  return to_hex({reinterpret_cast<const char*>(pair), 2 * sizeof *pair});
}

bool RegisterFile::write(isa::Registers& registers, unsigned number, std::string_view digits) const {
  const std::optional<std::string> bytes = from_hex(digits);
  if (!bytes || number >= count()) return false;
  if (uint32_t* w = word(registers, number)) {
    if (bytes->size() != sizeof *w) return false;
    std::memcpy(w, bytes->data(), sizeof *w);
    // sp is one of two registers, and the core takes all three at their word.
    constexpr unsigned kSp = 13, kMsp = kFirstSystem, kPsp = kFirstSystem + 1;
    const bool process = (registers.control & 2) && (registers.xpsr & 0x1ff) == 0;
    if (number == kSp) (process ? registers.psp : registers.msp) = *w;
    if (number == (process ? kPsp : kMsp)) registers.r[kSp] = *w;
    return true;
  }
  uint32_t* pair = &registers.s[2 * (number - kFirstDouble)];
  if (bytes->size() != 2 * sizeof *pair) return false;
  std::memcpy(pair, bytes->data(), 2 * sizeof *pair);
  return true;
}

}  // namespace xedgesim::debugger
