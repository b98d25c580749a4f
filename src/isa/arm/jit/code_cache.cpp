#include "isa/arm/jit/code_cache.h"

#include <asmjit/x86.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "isa/arm/cpu.h"
#include "isa/arm/jit/emitter.h"
#include "isa/arm/jit/program.h"
#include "isa/arm/jit/runtime.h"

namespace xedgesim::isa::arm::jit {
namespace {

using namespace asmjit::x86;

/// An error of the assembler must not leave half a unit behind.
class Failure : public asmjit::ErrorHandler {
 public:
  void handleError(asmjit::Error, const char* text, asmjit::BaseEmitter*) override {
    failed = true;
    message = text;
  }
  bool failed = false;
  std::string message;
};

void* map_low(size_t size, int protection, int flags, int fd) {
  // In the low 2 GiB, where 32-bit displacements reach from anywhere.
  void* p = mmap(nullptr, size, protection, flags | MAP_32BIT | MAP_NORESERVE, fd, 0);
  return p == MAP_FAILED ? nullptr : p;
}

struct Mapping {
  unsigned guest;
  Gp host;
};
const Mapping kMappings[] = {{0, esi}, {1, edi},  {2, edx},  {3, ebx},   {4, r8d},
                             {5, r9d}, {6, r10d}, {7, r11d}, {12, r12d}, {14, r13d}};

/// What all translated code enters, leaves and calls by; see CodeCache::Thunks for what they are given.
class ThunkMaker {
 public:
  ThunkMaker(const Cpu& cpu, asmjit::CodeHolder& code) : cpu_(cpu), a_(&code) {
    for (asmjit::Label* l : {&enter, &leave, &leave_stored, &call, &call_fp, &branch, &settle, &tail_})
      *l = a_.newLabel();
  }

  void make() {
    make_enter();
    make_leave();
    make_call(call, Runtime::call);
    make_call(call_fp, Runtime::call_fp);
    make_branch();
    make_settle();
  }

  asmjit::Label enter, leave, leave_stored, call, call_fp, branch, settle;

 private:
  template <class T>
  Mem member(const T& m) const {
    const auto distance = reinterpret_cast<const char*>(&m) - reinterpret_cast<const char*>(&cpu_);
    return ptr(rbp, static_cast<int32_t>(distance), sizeof m);
  }
  void store_all() {
    for (const Mapping& m : kMappings) a_.mov(member(cpu_.r[m.guest]), m.host);
  }
  void load_all() {
    for (const Mapping& m : kMappings) a_.mov(m.host, member(cpu_.r[m.guest]));
  }
  template <class F>
  void call_host(F* function) {
    a_.mov(rax, reinterpret_cast<uint64_t>(function));
    a_.call(rax);
  }

  /// Cpu*, code, counter.
  void make_enter() {
    a_.bind(enter);
    for (const Gp& g : kKept) a_.push(g);
    a_.sub(rsp, 8);
    a_.mov(rbp, rdi);
    a_.mov(rax, rsi);
    a_.mov(r15, rdx);
    a_.mov(r14, member(cpu_.jit_state.ram));
    load_all();
    a_.jmp(rax);
  }

  void make_leave() {
    a_.bind(leave);
    store_all();
    a_.mov(member(cpu_.jit_state.exit_index), ecx);
    a_.bind(tail_);
    a_.mov(member(cpu_.jit_state.counter), r15);
    a_.add(rsp, 8);
    for (size_t k = std::size(kKept); k-- > 0;) a_.pop(kKept[k]);
    a_.ret();
    a_.bind(leave_stored);
    a_.mov(member(cpu_.jit_state.exit_index), -1);
    a_.jmp(tail_);
  }

  void make_call(const asmjit::Label& entry, int64_t (*function)(Cpu*, const Op*, int64_t, int64_t)) {
    const asmjit::Label out = a_.newLabel();
    a_.bind(entry);
    store_all();
    a_.sub(rsp, 8);
    a_.mov(rdi, rbp);
    a_.mov(rsi, rax);
    a_.movsxd(rcx, ecx);
    a_.mov(rdx, r15);
    a_.sub(rdx, rcx);
    call_host(function);
    a_.add(rsp, 8);
    a_.test(rax, rax);
    a_.jns(out);
    a_.mov(r15, rax);
    load_all();
    a_.ret();
    a_.bind(out);
    a_.add(rsp, 8);
    a_.jmp(leave_stored);
  }

  void make_branch() {
    a_.bind(branch);
    store_all();
    a_.mov(rdi, rbp);
    a_.mov(esi, eax);
    a_.mov(edx, ecx);
    a_.mov(rcx, r15);
    call_host(Runtime::branch);
    a_.jmp(leave_stored);
  }

  void make_settle() {
    a_.bind(settle);
    store_all();
    a_.sub(rsp, 8);
    a_.mov(rdi, rbp);
    call_host(Runtime::settle_flags);
    a_.add(rsp, 8);
    load_all();
    a_.ret();
  }

  static inline const Gp kKept[] = {rbx, rbp, r12, r13, r14, r15};
  const Cpu& cpu_;
  Assembler a_;
  asmjit::Label tail_;
};

}  // namespace

std::shared_ptr<CodeCache> CodeCache::create(const Layout& layout, const Cpu& cpu) {
  const uint64_t end = uint64_t{layout.image_base} + layout.image_size;
  // EXC_RETURN values and addresses of nothing must not look like addresses of the image.
  if (layout.image_size < 4 || end > 0xE0000000 || layout.ram_size < 256) return nullptr;
  std::shared_ptr<CodeCache> cache(new CodeCache(layout));
  if (!cache->allocate(cpu)) return nullptr;
  return cache;
}

bool CodeCache::allocate(const Cpu& cpu) {
  const int fd = memfd_create("xedgesim-code", MFD_CLOEXEC);
  if (fd < 0) return false;
  if (ftruncate(fd, kCapacity) == 0) {
    executable_ = static_cast<uint8_t*>(map_low(kCapacity, PROT_READ | PROT_EXEC, MAP_SHARED, fd));
    if (executable_) {
      void* p = mmap(nullptr, kCapacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
      writable_ = p == MAP_FAILED ? nullptr : static_cast<uint8_t*>(p);
    }
  }
  close(fd);
  const size_t entries = layout_.image_size / 2 + 1;
  table_bytes_ = entries * sizeof(void*);
  table_ = static_cast<const void**>(
      map_low(table_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1));
  if (!executable_ || !writable_ || !table_) return false;
  heat_.resize(entries);
  make_thunks(cpu);
  if (!enter_) return false;
  for (size_t k = 0; k < entries; ++k) table_[k] = nowhere_;
  return true;
}

CodeCache::~CodeCache() {
  if (writable_) munmap(writable_, kCapacity);
  if (executable_) munmap(executable_, kCapacity);
  if (table_) munmap(table_, table_bytes_);
}

void CodeCache::make_thunks(const Cpu& cpu) {
  asmjit::CodeHolder code;
  Failure failure;
  code.init(asmjit::Environment::host());
  code.setErrorHandler(&failure);
  ThunkMaker made(cpu, code);
  made.make();
  const auto base = reinterpret_cast<uint64_t>(executable_);
  code.flatten();
  code.resolveUnresolvedLinks();
  code.relocateToBase(base);
  if (failure.failed || code.codeSize() > kCapacity) return;
  code.copyFlattenedData(writable_, kCapacity);
  used_ = (code.codeSize() + 63) / 64 * 64;
  const auto address = [&](const asmjit::Label& l) { return base + code.labelOffset(l); };
  thunks_ = {.leave = address(made.leave),
             .leave_stored = address(made.leave_stored),
             .call = address(made.call),
             .call_fp = address(made.call_fp),
             .branch = address(made.branch),
             .settle_flags = address(made.settle)};
  nowhere_ = reinterpret_cast<const void*>(thunks_.leave);
  enter_ = reinterpret_cast<void (*)(Cpu*, const void*, int64_t)>(address(made.enter));
}

void CodeCache::translate(Cpu& cpu, uint32_t index) {
  const std::lock_guard lock(mutex_);
  set_heat(index, 0xFF);  // once, whatever comes of it
  if (code_at(index)) return;
  const std::span<const uint8_t> image = cpu.image_bytes();
  if (image.size() != layout_.image_size) return;
  const Unit unit = explore(layout_, cpu.image_ops(), image, layout_.image_base + 2 * index);
  if (unit.blocks.empty()) return;
  asmjit::CodeHolder code;
  Failure failure;
  code.init(asmjit::Environment::host());
  code.setErrorHandler(&failure);
  Assembler a(&code);
  Emitter emitter(cpu, *this, unit, image, a);
  emitter.emit();
  code.flatten();
  code.resolveUnresolvedLinks();
  const size_t most = code.codeSize();
  if (failure.failed || most > kCapacity - used_) {
    full_ = !failure.failed;
    return;
  }
  code.relocateToBase(reinterpret_cast<uint64_t>(executable_ + used_));
  if (failure.failed) return;
  code.copyFlattenedData(writable_ + used_, kCapacity - used_);
  for (const Emitter::Entry& e : emitter.entries()) {
    const void* p = executable_ + used_ + code.labelOffset(e.label);
    // A block that another unit has already keeps its code: both are right.
    if (!code_at(e.index)) std::atomic_ref(table_[e.index]).store(p, std::memory_order_release);
  }
  used_ += (code.codeSize() + 15) / 16 * 16;
}

}  // namespace xedgesim::isa::arm::jit
