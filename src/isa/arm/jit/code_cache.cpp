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
  const auto member = [&cpu](const auto& m) {
    const auto distance = reinterpret_cast<const char*>(&m) - reinterpret_cast<const char*>(&cpu);
    return ptr(rbp, static_cast<int32_t>(distance), sizeof m);
  };
  asmjit::CodeHolder code;
  Failure failure;
  code.init(asmjit::Environment::host());
  code.setErrorHandler(&failure);
  Assembler a(&code);
  const auto store_all = [&] {
    for (const Mapping& m : kMappings) a.mov(member(cpu.r[m.guest]), m.host);
  };
  const auto load_all = [&] {
    for (const Mapping& m : kMappings) a.mov(m.host, member(cpu.r[m.guest]));
  };
  const Gp kept[] = {rbx, rbp, r12, r13, r14, r15};
  const asmjit::Label enter = a.newLabel(), leave = a.newLabel(), leave_stored = a.newLabel(),
                      tail = a.newLabel();
  const asmjit::Label branch = a.newLabel(), settle = a.newLabel(), calls[] = {a.newLabel(), a.newLabel()};

  a.bind(enter);  // Cpu*, code, counter
  for (const Gp& g : kept) a.push(g);
  a.sub(rsp, 8);
  a.mov(rbp, rdi);
  a.mov(rax, rsi);
  a.mov(r15, rdx);
  a.mov(r14, member(cpu.jit_state.ram));
  load_all();
  a.jmp(rax);

  a.bind(leave);
  store_all();
  a.mov(member(cpu.jit_state.exit_index), ecx);
  a.bind(tail);
  a.mov(member(cpu.jit_state.counter), r15);
  a.add(rsp, 8);
  for (size_t k = std::size(kept); k-- > 0;) a.pop(kept[k]);
  a.ret();

  a.bind(leave_stored);
  a.mov(member(cpu.jit_state.exit_index), -1);
  a.jmp(tail);

  int64_t (*const functions[])(Cpu*, const Op*, int64_t, int64_t) = {Runtime::call, Runtime::call_fp};
  for (size_t k = 0; k < 2; ++k) {
    const asmjit::Label out = a.newLabel();
    a.bind(calls[k]);
    store_all();
    a.sub(rsp, 8);
    a.mov(rdi, rbp);
    a.mov(rsi, rax);
    a.movsxd(rcx, ecx);
    a.mov(rdx, r15);
    a.sub(rdx, rcx);
    a.mov(rax, reinterpret_cast<uint64_t>(functions[k]));
    a.call(rax);
    a.add(rsp, 8);
    a.test(rax, rax);
    a.jns(out);
    a.mov(r15, rax);
    load_all();
    a.ret();
    a.bind(out);
    a.add(rsp, 8);
    a.jmp(leave_stored);
  }

  a.bind(branch);
  store_all();
  a.mov(rdi, rbp);
  a.mov(esi, eax);
  a.mov(edx, ecx);
  a.mov(rcx, r15);
  a.mov(rax, reinterpret_cast<uint64_t>(&Runtime::branch));
  a.call(rax);
  a.jmp(leave_stored);

  a.bind(settle);
  store_all();
  a.sub(rsp, 8);
  a.mov(rdi, rbp);
  a.mov(rax, reinterpret_cast<uint64_t>(&Runtime::settle_flags));
  a.call(rax);
  a.add(rsp, 8);
  load_all();
  a.ret();

  const auto base = reinterpret_cast<uint64_t>(executable_);
  code.flatten();
  code.resolveUnresolvedLinks();
  code.relocateToBase(base);
  if (failure.failed || code.codeSize() > kCapacity) return;
  code.copyFlattenedData(writable_, kCapacity);
  used_ = (code.codeSize() + 63) / 64 * 64;
  const auto address = [&](const asmjit::Label& l) { return base + code.labelOffset(l); };
  thunks_ = {address(leave),    address(leave_stored), address(calls[0]),
             address(calls[1]), address(branch),       address(settle)};
  nowhere_ = reinterpret_cast<const void*>(thunks_.leave);
  enter_ = reinterpret_cast<void (*)(Cpu*, const void*, int64_t)>(address(enter));
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
