#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace xedgesim::bus {

class RegisterDevice;

/// A named field of a register: bits [lsb, lsb + width).
struct Field {
  const char* name;
  uint8_t lsb;
  uint8_t width = 1;

  constexpr uint32_t mask() const { return (width >= 32 ? ~0u : (1u << width) - 1) << lsb; }
  constexpr uint32_t of(uint32_t value) const { return (value & mask()) >> lsb; }
  constexpr uint32_t put(uint32_t v) const { return (v << lsb) & mask(); }
};

enum class Access : uint8_t {
  rw,
  ro,  ///< writes are ignored and logged once
  wo,  ///< reads as zero unless the row has a read callback
};

using ReadCallback = uint32_t (*)(RegisterDevice&, unsigned index);
using WriteCallback = void (*)(RegisterDevice&, unsigned index, uint32_t value);

/// One row of a peripheral's register table, as the datasheet prints it. `count` > 1 declares an array whose
/// elements are `stride` bytes apart; callbacks get the element's index.
struct Register {
  uint16_t offset;
  const char* name;
  Access access = Access::rw;
  uint32_t reset = 0;
  std::vector<Field> fields = {};  ///< the writable bits; none means all 32
  ReadCallback read = nullptr;     ///< computes the value instead of the stored one
  WriteCallback write = nullptr;   ///< called after the masked value was stored
  uint16_t count = 1;
  uint16_t stride = 4;
  uint16_t first_index = 0;  ///< what the callbacks get for the first element ...
  uint16_t index_step = 1;   ///< ... and how far apart the elements' indices are
};

namespace detail {
template <class M>
struct MemberClass;
template <class C, class R, class... A>
struct MemberClass<R (C::*)(A...)> {
  using type = C;
};
template <class C, class R, class... A>
struct MemberClass<R (C::*)(A...) const> {
  using type = C;
};
}  // namespace detail

/// Row callbacks from member functions: `get<&Rtc::counter>` for `uint32_t counter(unsigned index)`,
/// `set<&Rtc::write_cc>` for `void write_cc(unsigned index, uint32_t value)`.
template <auto M>
uint32_t get(RegisterDevice& d, unsigned index) {
  return (static_cast<typename detail::MemberClass<decltype(M)>::type&>(d).*M)(index);
}
template <auto M>
void set(RegisterDevice& d, unsigned index, uint32_t value) {
  (static_cast<typename detail::MemberClass<decltype(M)>::type&>(d).*M)(index, value);
}

/// The compiled form of a register table: one direct index from offset to slot, shared by all instances of a
/// class. Slot 0 stands for "nothing declared here".
class RegisterTable {
 public:
  struct Slot {
    ReadCallback read = nullptr;
    WriteCallback write = nullptr;
    uint32_t write_mask = 0;
    uint32_t reset = 0;
    uint16_t index = 0;  ///< what callbacks get
    uint16_t row = 0;
    Access access = Access::ro;
  };
  static constexpr uint32_t kBlockSize = 0x1000;

  /// Rows must not overlap and must lie in the first 4 KiB, word-aligned (checked).
  RegisterTable(std::initializer_list<std::vector<Register>> groups);

  unsigned slot_of(uint32_t offset) const { return slot_of_word_[(offset & (kBlockSize - 1)) >> 2]; }
  const Slot& slot(unsigned i) const { return slots_[i]; }
  unsigned slot_count() const { return static_cast<unsigned>(slots_.size()); }
  const std::vector<Register>& rows() const { return rows_; }
  /// "EVENTS_COMPARE[2]", or "" when nothing is declared at `offset`.
  std::string name_of(uint32_t offset) const;

 private:
  void add(const Register& row);
  std::array<uint16_t, kBlockSize / 4> slot_of_word_{};
  std::vector<Slot> slots_{1};
  std::vector<Register> rows_;
};

}  // namespace xedgesim::bus
