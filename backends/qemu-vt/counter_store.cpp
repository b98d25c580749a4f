// SPDX-License-Identifier: GPL-2.0-or-later
#include "counter_store.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>

namespace {

CounterStores stores;

#if defined(__x86_64__)

/// Reads x86-64 code as QEMU's backend writes it, one expected piece after the other.
class Code {
 public:
  Code(uint8_t* begin, size_t size) : at_(begin), end_(begin + size) {}
  uint8_t* at() const { return at_; }
  bool take(std::initializer_list<uint8_t> bytes) {
    if (left() < bytes.size() || !std::equal(bytes.begin(), bytes.end(), at_)) return false;
    at_ += bytes.size();
    return true;
  }
  bool skip(size_t bytes) {
    if (left() < bytes) return false;
    at_ += bytes;
    return true;
  }
  /// A byte further on, which is not taken; 0 behind the end.
  uint8_t peek(size_t ahead) const { return left() > ahead ? at_[ahead] : 0; }

 private:
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  uint8_t *at_, *end_;
};

constexpr uint8_t kOperandSize = 0x66;
constexpr uint8_t kEmptyRex = 0x40;

/// The ModRM byte of [rbp + 8-bit displacement] and a register; rbp points at the processor's state.
constexpr uint8_t of_state(uint8_t reg) { return static_cast<uint8_t>(0x45 | reg << 3); }

/// Where a block stores 16 bits of the counter; null: it does not begin as a block that counts.
uint8_t* narrow_store(uint8_t* begin, size_t size) {
  Code code(begin, size);
  const uint8_t reg = code.peek(1) >> 3 & 7, where = code.peek(2);
  if (!code.take({0x8b, of_state(reg), where})) return nullptr;  // mov reg, [rbp+where]
  const auto sub = static_cast<uint8_t>(0xe8 | reg),
             add = static_cast<uint8_t>(0xc0 | reg);  // 10.0 adds less
  if (code.take({0xff, static_cast<uint8_t>(0xc8 | reg)})) {
    // dec reg
  } else if (code.take({0x83, sub}) || code.take({0x83, add})) {
    if (!code.skip(1)) return nullptr;  // 8 bits
  } else if (code.take({0x81, sub}) || code.take({0x81, add})) {
    if (!code.skip(4)) return nullptr;  // 32 bits
  } else {
    return nullptr;
  }
  if (code.take({0x89, static_cast<uint8_t>(0x84 | reg << 3), 0x24})) {
    if (!code.skip(4)) return nullptr;  // mov [rsp + 32 bits], reg
  } else if (code.take({0x89, static_cast<uint8_t>(0x44 | reg << 3), 0x24})) {
    if (!code.skip(1)) return nullptr;  // mov [rsp + 8 bits], reg
  }
  // test reg, reg; jl out. A block that nothing may stop does without: its upper half could be anything.
  if (!code.take({0x85, static_cast<uint8_t>(0xc0 | reg << 3 | reg)}) || !code.take({0x0f, 0x8c}) ||
      !code.skip(4))
    return nullptr;
  uint8_t* const store = code.at();
  return code.take({kOperandSize, 0x89, of_state(reg), where}) ? store : nullptr;
}

using Insert = void (*)(void* tree, void* key, void* value);
Insert insert_of_glib = nullptr;
uintptr_t caller = 0;  // tcg_tb_insert(), of that many bytes
size_t caller_size = 0;

/// What QEMU's tree of blocks is ordered by: where a block's code lies.
struct BlockCode {
  uint8_t* begin;
  size_t size;
};

void insert(void* tree, void* key, void* value) {
  if (reinterpret_cast<uintptr_t>(__builtin_return_address(0)) - caller < caller_size) {
    const auto* const code = static_cast<const BlockCode*>(key);
    ++stores.blocks;
    if (uint8_t* const store = narrow_store(code->begin, code->size)) {
      *store = kEmptyRex;
      ++stores.widened;
    }
  }
  insert_of_glib(tree, key, value);
}

/// Where the executable itself keeps the address of a function of a library; null: it calls no such.
void** import_slot(const dl_phdr_info& executable, const char* name) {
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < executable.dlpi_phnum; ++i)
    if (const ElfW(Phdr)& segment = executable.dlpi_phdr[i]; segment.p_type == PT_DYNAMIC)
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(executable.dlpi_addr + segment.p_vaddr);
  const ElfW(Rela)* relocations = nullptr;
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  size_t bytes = 0;
  for (; dynamic && dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_JMPREL) relocations = reinterpret_cast<const ElfW(Rela)*>(dynamic->d_un.d_ptr);
    if (dynamic->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(dynamic->d_un.d_ptr);
    if (dynamic->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(dynamic->d_un.d_ptr);
    if (dynamic->d_tag == DT_PLTRELSZ) bytes = dynamic->d_un.d_val;
  }
  if (!relocations || !symbols || !names) return nullptr;
  for (size_t i = 0; i < bytes / sizeof *relocations; ++i)
    if (std::strcmp(names + symbols[ELF64_R_SYM(relocations[i].r_info)].st_name, name) == 0)
      return reinterpret_cast<void**>(executable.dlpi_addr + relocations[i].r_offset);
  return nullptr;
}

void write_protected(void** slot, void* value) {
  const auto page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* const page = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(slot) & ~(page_size - 1));
  if (mprotect(page, page_size, PROT_READ | PROT_WRITE) != 0) return;
  *slot = value;
  mprotect(page, page_size, PROT_READ);
}

#endif

}  // namespace

void widen_counter_stores() {
#if defined(__x86_64__)
  // Not where code is written by another address than it runs at.
  const auto* const apart = static_cast<const ptrdiff_t*>(dlsym(RTLD_DEFAULT, "tcg_splitwx_diff"));
  void* const function = dlsym(RTLD_DEFAULT, "tcg_tb_insert");
  Dl_info of{};
  void* symbol = nullptr;
  if (!apart || *apart != 0 || !function || !dladdr1(function, &of, &symbol, RTLD_DL_SYMENT) || !symbol)
    return;
  caller = reinterpret_cast<uintptr_t>(function);
  caller_size = static_cast<const ElfW(Sym)*>(symbol)->st_size;
  void** slot = nullptr;
  dl_iterate_phdr(
      [](dl_phdr_info* executable, size_t, void* found) {
        *static_cast<void***>(found) = import_slot(*executable, "g_tree_insert");
        return 1;  // the first is the executable
      },
      &slot);
  if (!slot) return;
  insert_of_glib = reinterpret_cast<Insert>(*slot);
  write_protected(slot, reinterpret_cast<void*>(insert));
#endif
}

CounterStores counter_stores() { return stores; }
