#include "live/firmware_words.h"

namespace xedgesim::live {

std::string plain_text(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') continue;
    if (text[i] != '\x1b') {
      out += text[i];
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '[')
      for (i += 2; i < text.size() && (text[i] < '@' || text[i] > '~');) ++i;
  }
  return out;
}

bool FirmwareWords::feed(std::string_view bytes) {
  if (text_.size() >= kMost) return false;
  text_ += bytes;
  if (text_.find("No bootable device.") != std::string::npos) return true;  // SeaBIOS
  // EDK II: its shell lists what it can read (FS0:, …) before it looks for startup.nsh there.
  const size_t list = text_.find("Mapping table"), none = text_.find("No mapping found");
  const size_t end = text_.find("startup.nsh");
  if (end == std::string::npos) return false;
  return none < end || (list < end && text_.find("FS0:", list) > end);
}

}  // namespace xedgesim::live
