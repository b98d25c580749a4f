#include <string>

#include "base/error.h"
#include "vm/image/container_image.h"

// A tar archive as an image that docker save wrote: archive, manifest, config, layers.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xedgesim;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    vm::RootTree outer;
    outer.apply(vm::read_layer(bytes, "x"), "x");
    vm::read_container(
        [&](const std::string& name) -> std::optional<std::string> {
          const std::string* text = outer.text(name);
          return text ? std::optional(*text) : std::nullopt;
        },
        vm::Arch::x86_64, "x");
  } catch (const ConfigError&) {
  }
  try {
    vm::parse_container_config(bytes, "x");
  } catch (const ConfigError&) {
  }
  return 0;
}
