#include "platforms/firmware_image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/rng.h"

namespace xedgesim::platforms {
namespace {

std::string file(const std::string& name) {
  std::ifstream in(std::string(XEDGESIM_BINARY_DIR) + "/firmware/" + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string refusal(std::string_view contents) {
  try {
    FirmwareImage::parse(contents, "fw");
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(FirmwareImage, ElfAndHexOfOneProgramAreTheSame) {
  const FirmwareImage elf = FirmwareImage::parse(file("hello.elf"), "hello.elf");
  const FirmwareImage hex = FirmwareImage::parse(file("hello.hex"), "hello.hex");
  std::vector<uint8_t> a(1 << 20, 0xff), b(1 << 20, 0xff);
  for (const auto& s : elf.segments()) std::copy(s.bytes.begin(), s.bytes.end(), a.begin() + s.address);
  for (const auto& s : hex.segments()) std::copy(s.bytes.begin(), s.bytes.end(), b.begin() + s.address);
  EXPECT_EQ(a, b);
  EXPECT_GT(elf.segments().front().bytes.size(), 256u);
}

TEST(FirmwareImage, NamesFunctions) {
  const FirmwareImage elf = FirmwareImage::parse(file("hello.elf"), "hello.elf");
  bool main_found = false;
  for (uint32_t a = 0; a < 0x8000; a += 2) main_found |= elf.symbolize(a) == "main";
  EXPECT_TRUE(main_found);
  EXPECT_EQ(elf.symbolize(0xf0000000), "");
}

TEST(FirmwareImage, RefusesOtherProcessors) {
  std::string elf = file("hello.elf");
  elf[18] = 62;  // EM_X86_64
  EXPECT_NE(refusal(elf).find("is built for x86-64 (ELF machine 62), not for a 32-bit Arm"),
            std::string::npos)
      << refusal(elf);
  elf = file("hello.elf");
  elf[5] = 2;  // big-endian
  EXPECT_NE(refusal(elf), "accepted");
}

TEST(FirmwareImage, RefusesTruncatedElf) {
  const std::string elf = file("hello.elf");
  EXPECT_NE(refusal(elf.substr(0, 200)).find("firmware 'fw' is truncated"), std::string::npos)
      << refusal(elf.substr(0, 200));
  EXPECT_NE(refusal(elf.substr(0, 10000)), "");
}

TEST(FirmwareImage, SurvivesEveryTruncationAndRandomDamage) {
  const std::string elf = file("hello.elf"), hex = file("hello.hex");
  for (size_t n = 0; n < elf.size(); n += 1 + n / 50) refusal(elf.substr(0, n));
  for (size_t n = 0; n < hex.size() - 2; n += 7) EXPECT_NE(refusal(hex.substr(0, n)), "accepted") << n;
  RandomStream random(1, "firmware", "damage");
  for (int i = 0; i < 400; ++i) {
    std::string damaged = i % 2 ? elf : hex;
    for (int k = 0; k < 8; ++k)
      damaged[random.below(static_cast<uint32_t>(i % 4 ? 512 : damaged.size()))] =
          static_cast<char>(random());
    refusal(damaged);
  }
}

TEST(FirmwareImage, RefusesWrongHexWithTheLine) {
  EXPECT_EQ(refusal(":0400000001020304F2\n:00000001FF\n"), "accepted");
  EXPECT_EQ(refusal(":0400000001020304F3\n:00000001FF\n"),
            "firmware 'fw' line 1: checksum is 0xF3 but the bytes give 0xF2: copy or build the file again");
  EXPECT_NE(refusal(":0400000001020304F2\n").find("no end-of-file record"), std::string::npos);
  EXPECT_NE(refusal(":04000000010203\n").find("line 1"), std::string::npos);
  EXPECT_NE(refusal(":0400000601020304EC\n:00000001FF\n").find("unknown record type 06"), std::string::npos);
  EXPECT_NE(refusal(":00000001FF\n").find("nothing to load"), std::string::npos);
}

TEST(FirmwareImage, RefusesWhatIsNeither) {
  EXPECT_NE(refusal("MZ").find("neither ELF nor Intel HEX"), std::string::npos);
  EXPECT_NE(refusal("").find("empty"), std::string::npos);
  EXPECT_THROW(FirmwareImage::load("/does/not/exist.elf"), ConfigError);
}

}  // namespace
}  // namespace xedgesim::platforms
