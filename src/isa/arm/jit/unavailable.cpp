// This build has no translator (no asmjit, or a host other than x86-64): the interpreter runs.
#include "isa/arm/jit/code_cache.h"

namespace xedgesim::isa::arm::jit {

std::shared_ptr<CodeCache> CodeCache::create(const Layout&, const Cpu&) { return nullptr; }
CodeCache::~CodeCache() = default;
void CodeCache::translate(Cpu&, uint32_t) {}

}  // namespace xedgesim::isa::arm::jit
