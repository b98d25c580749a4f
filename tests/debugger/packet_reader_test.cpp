#include "debugger/packet_reader.h"

#include <gtest/gtest.h>

#include <vector>

#include "debugger/register_file.h"

namespace xedgesim::debugger {
namespace {

using Kind = PacketReader::Item::Kind;

std::vector<PacketReader::Item> items_of(const std::string& bytes, size_t piece) {
  PacketReader reader;
  std::vector<PacketReader::Item> out;
  for (size_t i = 0; i < bytes.size(); i += piece) {
    reader.add(std::string_view(bytes).substr(i, piece));
    while (auto item = reader.next()) out.push_back(*item);
  }
  return out;
}

TEST(PacketReader, TakesAStreamApartHoweverItArrives) {
  // The manual's own example of a checksum, and one with an escaped '#'.
  const std::string stream = std::string("+$qSupported#37-") + "\x03" + "noise$X}\x03#d8$g#00";
  for (size_t piece = 1; piece < 9; ++piece) {
    const auto items = items_of(stream, piece);
    ASSERT_EQ(items.size(), 6u) << piece;
    EXPECT_EQ(items[0].kind, Kind::acknowledge);
    EXPECT_EQ(items[1].kind, Kind::packet);
    EXPECT_EQ(items[1].text, "qSupported");
    EXPECT_EQ(items[2].kind, Kind::again);
    EXPECT_EQ(items[3].kind, Kind::interrupt);
    EXPECT_EQ(items[4].kind, Kind::packet);
    EXPECT_EQ(items[4].text, "X#");
    EXPECT_EQ(items[5].kind, Kind::damaged);
  }
}

TEST(PacketReader, ReadsWhatPacketOfWrites) {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  const auto items = items_of(packet_of(every) + packet_of(""), 7);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].text, every);
  EXPECT_EQ(items[1].kind, Kind::packet);
  EXPECT_EQ(items[1].text, "");
}

TEST(PacketReader, GivesUpAPacketThatDoesNotEnd) {
  const auto items = items_of("$" + std::string(100'000, 'x') + "#00" + packet_of("g"), 1000);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].kind, Kind::damaged);
  EXPECT_EQ(items[1].text, "g");
}

TEST(RegisterFile, GivesEveryRegisterBackAsItWasWritten) {
  for (const bool fp : {false, true}) {
    const RegisterFile file(fp);
    EXPECT_EQ(file.count(), fp ? 40u : 23u);
    isa::Registers r{};
    for (unsigned i = 0; i < file.count(); ++i) {
      const size_t digits = file.read(r, i)->size();
      const std::string value = std::string("78563412efcdab90").substr(0, digits);
      EXPECT_TRUE(file.write(r, i, value)) << i;
      EXPECT_EQ(file.read(r, i), value) << i;
      EXPECT_FALSE(file.write(r, i, value + "00"));
      EXPECT_FALSE(file.write(r, i, "xx345678"));
    }
    EXPECT_EQ(r.r[0], 0x12345678u);
    EXPECT_EQ(r.primask, 0x12345678u);
    EXPECT_EQ(file.read(r, file.count()), std::nullopt);
    EXPECT_FALSE(file.write(r, file.count(), "00000000"));
    EXPECT_EQ(file.description().find("arm.vfp") != std::string::npos, fp);
  }
}

TEST(RegisterFile, TheStackPointerIsOneOfTwo) {
  const RegisterFile file(false);
  isa::Registers r{};
  EXPECT_TRUE(file.write(r, 13, "00100020"));  // sp, in Thread mode with CONTROL.SPSEL = 0
  EXPECT_EQ(r.msp, 0x20001000u);
  r.control = 2;
  EXPECT_TRUE(file.write(r, 18, "00200020"));  // psp
  EXPECT_EQ(r.r[13], 0x20002000u);
  EXPECT_EQ(r.msp, 0x20001000u);
}

}  // namespace
}  // namespace xedgesim::debugger
