// Firmware files: any bytes give an image with sorted, disjoint segments or one sentence that refuses them.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "platforms/firmware_image.h"

namespace {

void check(const xedgesim::platforms::FirmwareImage& image) {
  uint64_t end = 0;
  for (const auto& segment : image.segments()) {
    XEDGESIM_ASSERT(!segment.bytes.empty() && segment.address >= end);
    end = uint64_t{segment.address} + segment.bytes.size();
    XEDGESIM_ASSERT(end <= uint64_t{1} << 32);
    XEDGESIM_ASSERT(image.holds(segment.address) && image.holds(uint32_t(end - 1)));
    (void)image.symbolize(segment.address);
  }
  XEDGESIM_ASSERT(image.content_key().size() == 32);
}

template <class Reader>
void expect_image_or_refusal(Reader read, std::string_view contents) {
  try {
    check(read(contents, "fuzz"));
  } catch (const xedgesim::ConfigError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xedgesim::platforms;
  const std::string_view contents(reinterpret_cast<const char*>(data), size);
  expect_image_or_refusal(parse_elf, contents);
  expect_image_or_refusal(parse_intel_hex, contents);
  expect_image_or_refusal(FirmwareImage::parse, contents);
  return 0;
}
