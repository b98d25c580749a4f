#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace xedgesim::isa::arm {
class Cpu;
}

namespace xedgesim::isa::arm::jit {

/// What translated code has built in besides the instructions: cores that agree in it may share the code.
struct Layout {
  uint32_t image_base = 0, image_size = 0;
  uint32_t ram_base = 0, ram_size = 0, flash_base = 0, flash_size = 0;
  unsigned flash_wait = 0;
  unsigned refill = 2;  ///< cycles a taken branch takes more, without the flash's
  unsigned hot = 24;  ///< visits by the interpreter before code is translated
  bool checked = false;  ///< the core looks at every data access
  bool operator==(const Layout&) const = default;
};

/// Host code translated from one image, shared by all cores that run the image with the same layout, on any
/// thread. Code is only ever added; the memory it is written through is never executable and the memory it
/// is executed from never writable (two mappings of the same pages).
///
/// A table holds the host address of each guest halfword that begins a translated block; other entries lead
/// out. Nothing is patched: blocks of one unit jump to each other directly, all else goes through the table.
class CodeCache {
 public:
  /// Null when this build or this host cannot translate.
  /// `cpu` is any core: only the distances between its members matter.
  static std::shared_ptr<CodeCache> create(const Layout& layout, const Cpu& cpu);
  ~CodeCache();
  CodeCache(const CodeCache&) = delete;
  CodeCache& operator=(const CodeCache&) = delete;

  const Layout& layout() const { return layout_; }
  /// Host code for the guest halfword `index`, or null.
  const void* code_at(uint32_t index) const {
    const void* p = std::atomic_ref(table_[index]).load(std::memory_order_acquire);
    return p == nowhere_ ? nullptr : p;
  }
  /// Notes that the interpreter came to `index`; true when that is worth translating.
  bool heat(uint32_t index) {
    std::atomic_ref<uint8_t> h(heat_[index]);
    const uint8_t v = h.load(std::memory_order_relaxed);
    if (v >= layout_.hot) return v == layout_.hot && !full_.load(std::memory_order_relaxed);
    h.store(static_cast<uint8_t>(v + 1), std::memory_order_relaxed);
    return false;
  }
  /// Translates the blocks reachable from `index`. Reads the guest's code through the core.
  void translate(Cpu& cpu, uint32_t index);
  /// Runs translated code until it leaves: registers and State are those of the core afterwards.
  void enter(Cpu& cpu, const void* code, int64_t counter) const { enter_(&cpu, code, counter); }

  // For the translator.
  struct Thunks {
    uint64_t leave = 0;         ///< ecx: halfword to go on at
    uint64_t leave_stored = 0;  ///< the registers are in the core already
    uint64_t call = 0;          ///< rax: record, ecx: what the rest of the block has been charged with
    uint64_t call_fp = 0;       ///< the same; comes back only when host arithmetic may be used
    uint64_t branch = 0;        ///< eax: target with Thumb bit, ecx: 1 when EXC_RETURN is an address
    uint64_t settle_flags = 0;
  };
  const Thunks& thunks() const { return thunks_; }
  uint64_t table_address(uint32_t index) const { return reinterpret_cast<uint64_t>(table_ + index); }

 private:
  static constexpr size_t kCapacity = size_t{16} << 20;
  explicit CodeCache(const Layout& layout) : layout_(layout) {}
  bool allocate(const Cpu& cpu);
  void make_thunks(const Cpu& cpu);
  void set_heat(uint32_t index, uint8_t v) {
    std::atomic_ref(heat_[index]).store(v, std::memory_order_relaxed);
  }

  Layout layout_;
  std::mutex mutex_;  // translation
  uint8_t* writable_ = nullptr;
  uint8_t* executable_ = nullptr;
  size_t used_ = 0;
  std::atomic<bool> full_ = false;
  const void** table_ = nullptr;
  size_t table_bytes_ = 0;
  std::vector<uint8_t> heat_;
  const void* nowhere_ = nullptr;
  Thunks thunks_;
  void (*enter_)(Cpu*, const void*, int64_t) = nullptr;
};

}  // namespace xedgesim::isa::arm::jit
