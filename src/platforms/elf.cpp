// ELF32 for Arm, read with libelf (ELF for the Arm Architecture, IHI 0044). Only program headers decide
// what is loaded; the symbol table, if any, names functions in messages.
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "base/error.h"
#include "platforms/firmware_image.h"

namespace xedgesim::platforms {
namespace {

struct ElfEnd {
  void operator()(Elf* e) const { elf_end(e); }
};

std::string_view machine_name(unsigned machine) {
  switch (machine) {
    case EM_386:
      return "x86";
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "64-bit Arm (AArch64)";
    case EM_RISCV:
      return "RISC-V";
    case EM_XTENSA:
      return "Xtensa";
    case EM_MIPS:
      return "MIPS";
    case EM_PPC:
      return "PowerPC";
    case EM_AVR:
      return "AVR";
    default:
      return "another processor";
  }
}

/// Refuses what is no program for such a processor.
void check_header(Elf* elf, const std::string& name) {
  GElf_Ehdr header{};
  if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
    throw ConfigError(fmt::format("firmware '{}' has a damaged ELF header: copy or build it again", name));
  if (header.e_machine != EM_ARM || header.e_ident[EI_CLASS] != ELFCLASS32)
    throw ConfigError(
        fmt::format("firmware '{}' is built for {} (ELF machine {}), not for a 32-bit Arm microcontroller: "
                    "build it with arm-none-eabi-gcc",
                    name, machine_name(header.e_machine), header.e_machine));
  if (header.e_ident[EI_DATA] != ELFDATA2LSB)
    throw ConfigError(
        fmt::format("firmware '{}' is big-endian; Cortex-M microcontrollers here are little-endian", name));
  if (header.e_type != ET_EXEC)
    throw ConfigError(
        fmt::format("firmware '{}' is not an executable ELF (type {}): link it first", name, header.e_type));
}

std::vector<FirmwareImage::Segment> segments_of(Elf* elf, std::string_view contents,
                                                const std::string& name) {
  std::vector<FirmwareImage::Segment> out;
  size_t segments = 0;
  if (elf_getphdrnum(elf, &segments) != 0)
    throw ConfigError(
        fmt::format("firmware '{}' has a damaged program header table: copy or build it again", name));
  // Headers may name the same bytes of the file again and again; no image needs more than the address space.
  size_t loaded = 0;
  for (size_t i = 0; i < segments; ++i) {
    GElf_Phdr ph{};
    if (!gelf_getphdr(elf, static_cast<int>(i), &ph))
      throw ConfigError(
          fmt::format("firmware '{}' is truncated: program header {} lies after its end", name, i));
    if (ph.p_type != PT_LOAD || ph.p_filesz == 0) continue;
    if (ph.p_offset > contents.size() || ph.p_filesz > contents.size() - ph.p_offset)
      throw ConfigError(
          fmt::format("firmware '{}' is truncated: segment {} needs bytes {} to {} but the file has {}", name,
                      i, ph.p_offset, ph.p_offset + ph.p_filesz, contents.size()));
    if (ph.p_filesz > ph.p_memsz)
      throw ConfigError(
          fmt::format("firmware '{}' is damaged: segment {} is larger in the file than in memory", name, i));
    loaded += ph.p_filesz;
    if (loaded > kLargestImage)
      throw ConfigError(fmt::format(
          "firmware '{}' has segments of more than 256 MiB in all: that is not a microcontroller image",
          name));
    const std::string_view bytes = contents.substr(ph.p_offset, ph.p_filesz);
    out.push_back({static_cast<uint32_t>(ph.p_paddr), {bytes.begin(), bytes.end()}});
  }
  return out;
}

/// By address.
std::vector<FirmwareImage::Symbol> functions_of(Elf* elf) {
  std::vector<FirmwareImage::Symbol> out;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr sh{};
    if (!gelf_getshdr(section, &sh) || sh.sh_type != SHT_SYMTAB || sh.sh_entsize == 0) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (!data) continue;
    for (size_t i = 0; i < sh.sh_size / sh.sh_entsize; ++i) {
      GElf_Sym symbol{};
      if (!gelf_getsym(data, static_cast<int>(i), &symbol)) break;
      const char* text = elf_strptr(elf, sh.sh_link, symbol.st_name);
      if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC || !text || !*text) continue;
      out.push_back(
          {static_cast<uint32_t>(symbol.st_value & ~1u), static_cast<uint32_t>(symbol.st_size), text});
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return std::tie(a.address, a.name) < std::tie(b.address, b.name);
  });
  return out;
}

}  // namespace

FirmwareImage parse_elf(std::string_view contents, const std::string& name) {
  elf_version(EV_CURRENT);
  // libelf converts in place for foreign byte orders and wants a writable buffer.
  std::string copy(contents);
  const std::unique_ptr<Elf, ElfEnd> elf(elf_memory(copy.data(), copy.size()));
  check_header(elf.get(), name);
  FirmwareImage image;
  image.name_ = name;
  image.segments_ = segments_of(elf.get(), contents, name);
  image.check_segments();
  image.functions_ = functions_of(elf.get());
  return image;
}

}  // namespace xedgesim::platforms
