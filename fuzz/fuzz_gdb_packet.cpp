// What a debugger sends, in pieces: the reader takes it apart without losing its place, and what is written
// is read back.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "debugger/packet_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xedgesim::debugger;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  PacketReader reader;
  const size_t piece = size > 0 ? 1 + data[0] % 17 : 1;
  for (size_t i = 0; i < size; i += piece) {
    reader.add(all.substr(i, piece));
    while (const auto item = reader.next()) {
      std::string_view rest = item->text;
      take_number(rest);
      from_hex(rest);
    }
  }
  PacketReader own;
  own.add(packet_of(all.substr(0, PacketReader::kLongestPacket / 2 - 8)));
  const auto item = own.next();
  if (!item || item->text != all.substr(0, PacketReader::kLongestPacket / 2 - 8)) abort();
  return 0;
}
