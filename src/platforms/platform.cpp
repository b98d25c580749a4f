#include "platforms/platform.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <stdexcept>

#include "base/error.h"
#include "base/names.h"
#include "base/units.h"

namespace xedgesim::platforms {
namespace {

/// Reads one platform file; every refusal names file, line and column.
class Reader {
 public:
  explicit Reader(std::filesystem::path file) : file_(std::move(file)) {
    std::error_code ec;
    if (!std::filesystem::is_regular_file(file_, ec))
      throw ConfigError(fmt::format("platform file '{}' does not exist", file_.string()));
    try {
      root_ = YAML::LoadFile(file_.string());
    } catch (const YAML::Exception& e) {
      throw ConfigError(
          fmt::format("{}:{}:{}: {}", file_.string(), e.mark.line + 1, e.mark.column + 1, e.msg));
    }
    if (!root_.IsMap()) fail(root_, "a platform file is a map of sections");
  }

  const YAML::Node& root() const { return root_; }

  [[noreturn]] void fail(const YAML::Node& at, const std::string& sentence) const {
    throw ConfigError(
        fmt::format("{}:{}:{}: {}", file_.string(), at.Mark().line + 1, at.Mark().column + 1, sentence));
  }

  YAML::Node require(const YAML::Node& map, const char* key) const {
    if (!map.IsMap() || !map[key]) fail(map, fmt::format("key '{}' is missing", key));
    return map[key];
  }

  std::string text(const YAML::Node& n) const {
    if (!n.IsScalar()) fail(n, "a single value is expected here");
    return n.Scalar();
  }

  uint32_t number(const YAML::Node& n) const {
    std::string_view s = n.IsScalar() ? std::string_view(n.Scalar()) : std::string_view();
    const int radix = s.starts_with("0x") || s.starts_with("0X") ? 16 : 10;
    if (radix == 16) s.remove_prefix(2);
    uint32_t v = 0;
    const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), v, radix);
    if (s.empty() || ec != std::errc{} || end != s.data() + s.size())
      fail(n, fmt::format("'{}' is not a 32-bit number", n.IsScalar() ? n.Scalar() : "…"));
    return v;
  }

  template <typename Parse>
  auto quantity(const YAML::Node& n, Parse parse) const {
    try {
      return parse(text(n));
    } catch (const std::invalid_argument& e) {
      fail(n, e.what());
    }
  }

  void only(const YAML::Node& map, const std::vector<std::string>& keys, const std::string& where) const {
    if (!map.IsMap()) fail(map, fmt::format("{} is a map", where));
    for (const auto& entry : map) {
      const std::string& key = entry.first.Scalar();
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      const std::string near = nearest_name(key, keys);
      fail(entry.first, fmt::format("unknown key '{}' in {}{}", key, where,
                                    near.empty() ? "" : " — did you mean '" + near + "'?"));
    }
  }

 private:
  std::filesystem::path file_;
  YAML::Node root_;
};

void read_cpu(const Reader& r, Platform& p) {
  const YAML::Node cpu = r.require(r.root(), "cpu");
  r.only(cpu, {"type", "frequency", "irqs", "priority_bits", "flash_wait_states"}, "cpu");
  static constexpr std::pair<const char*, isa::CortexModel> kCores[] = {
      {"cortex-m0", isa::CortexModel::m0},
      {"cortex-m0+", isa::CortexModel::m0plus},
      {"cortex-m3", isa::CortexModel::m3},
      {"cortex-m4", isa::CortexModel::m4},
      {"cortex-m4f", isa::CortexModel::m4f}};
  const std::string type = r.text(r.require(cpu, "type"));
  const auto core =
      std::find_if(std::begin(kCores), std::end(kCores), [&](const auto& c) { return c.first == type; });
  if (core == std::end(kCores))
    r.fail(cpu["type"],
           fmt::format("core '{}' is not known: known cores are cortex-m0, cortex-m0+, cortex-m3, "
                       "cortex-m4 and cortex-m4f",
                       type));
  p.core.model = core->second;
  p.frequency_hz = r.quantity(r.require(cpu, "frequency"), parse_frequency_hz);
  if (p.frequency_hz < 1'000'000 || p.frequency_hz > 1'000'000'000)
    r.fail(cpu["frequency"], "the core's clock must be 1MHz to 1GHz");
  p.core.irq_count = r.number(r.require(cpu, "irqs"));
  p.core.priority_bits = r.number(r.require(cpu, "priority_bits"));
  if (cpu["flash_wait_states"]) p.core.flash_wait_states = r.number(cpu["flash_wait_states"]);
}

void read_memory(const Reader& r, Platform& p) {
  for (const YAML::Node& n : r.require(r.root(), "memory")) {
    r.only(n, {"name", "type", "base", "size"}, "memory");
    Platform::Memory m;
    m.name = r.text(r.require(n, "name"));
    const std::string type = r.text(r.require(n, "type"));
    if (type != "flash" && type != "ram")
      r.fail(n["type"], fmt::format("memory type '{}' is not known: flash or ram", type));
    m.flash = type == "flash";
    m.base = r.number(r.require(n, "base"));
    const int64_t size = r.quantity(r.require(n, "size"), parse_bytes);
    if (size <= 0 || size > (64 << 20) || size % 4096 != 0)
      r.fail(n["size"], "a memory has whole 4 KiB pages, at most 64MiB");
    m.size = static_cast<uint32_t>(size);
    p.memories.push_back(m);
  }
  if (std::count_if(p.memories.begin(), p.memories.end(), [](const auto& m) { return m.flash; }) != 1)
    r.fail(r.root()["memory"], "a platform has exactly one flash memory");
}

void read_devices(const Reader& r, Platform& p) {
  std::string fixed;
  for (const YAML::Node& n : r.root()["ppi_fixed"]) {
    if (!n.IsSequence() || n.size() != 2) r.fail(n, "a fixed channel is [event address, task address]");
    fixed += fmt::format("{}{:x}:{:x}", fixed.empty() ? "" : " ", r.number(n[0]), r.number(n[1]));
  }
  for (const YAML::Node& n : r.require(r.root(), "devices")) {
    Platform::DeviceEntry d;
    d.type = r.text(r.require(n, "type"));
    d.params.name = r.text(r.require(n, "name"));
    d.params.base = r.number(r.require(n, "base"));
    for (const auto& entry : n) {
      const std::string key = entry.first.Scalar();
      if (key == "size")
        d.params.size = r.number(entry.second);
      else if (key == "irq")
        d.params.irq = static_cast<int>(r.number(entry.second));
      else if (key != "type" && key != "name" && key != "base")
        d.params.params[key] = r.text(entry.second);
    }
    if (d.params.irq >= static_cast<int>(p.core.irq_count))
      r.fail(n["irq"], fmt::format("the core has {} interrupt lines", p.core.irq_count));
    if (d.type == "nrf.ppi") d.params.params["fixed"] = fixed;
    const auto types = devices::device_types();
    if (std::find(types.begin(), types.end(), d.type) == types.end()) {
      const std::string near = nearest_name(d.type, {types.begin(), types.end()});
      r.fail(n["type"], fmt::format("unknown device type '{}'{}", d.type,
                                    near.empty() ? "" : " — did you mean '" + near + "'?"));
    }
    p.devices.push_back(std::move(d));
  }
  for (const YAML::Node& n : r.root()["unmodelled"]) {
    r.only(n, {"name", "base", "size", "irq", "reset"}, "unmodelled");
    Platform::Hole h;
    h.name = r.text(r.require(n, "name"));
    h.base = r.number(r.require(n, "base"));
    if (n["size"]) h.size = r.number(n["size"]);
    for (const auto& entry : n["reset"]) h.reset[r.number(entry.first)] = r.number(entry.second);
    p.unmodelled.push_back(std::move(h));
  }
}

void read_energy(const Reader& r, Platform& p) {
  const YAML::Node energy = r.root()["energy"];
  if (!energy) return;
  r.only(energy, {"default", "profiles"}, "energy");
  for (const auto& entry : r.require(energy, "profiles")) {
    const YAML::Node& n = entry.second;
    if (n["model"]) continue;  // energy an operation: the recorder's model, not currents
    Platform::EnergyProfile profile;
    for (const auto& consumer : n) {
      const std::string key = consumer.first.Scalar();
      if (key == "supply")
        profile.supply_v = r.quantity(consumer.second, parse_voltage);
      else
        profile.currents[key] = r.quantity(consumer.second, parse_current);
    }
    p.energy[entry.first.Scalar()] = std::move(profile);
  }
  p.default_energy = r.text(r.require(energy, "default"));
  if (!p.energy.contains(p.default_energy))
    r.fail(energy["default"], fmt::format("there is no energy profile '{}'", p.default_energy));
}

}  // namespace

Platform load_platform(const std::filesystem::path& file) {
  const Reader board(file);
  if (board.root()["soc"]) {
    board.only(board.root(), {"board", "description", "soc", "console", "uart_pins", "leds", "buttons"},
               "the board");
    const std::string soc = board.text(board.root()["soc"]);
    const std::filesystem::path soc_file = file.parent_path() / (soc + ".yaml");
    if (soc_file.filename() == file.filename() || !std::filesystem::exists(soc_file))
      board.fail(board.root()["soc"],
                 fmt::format("SoC '{}' is not known: there is no {}", soc, soc_file.string()));
    Platform p = load_platform(soc_file);
    p.name = board.text(board.require(board.root(), "board"));
    p.file = file;
    if (board.root()["description"]) p.description = board.text(board.root()["description"]);
    if (board.root()["console"]) p.console_device = board.text(board.root()["console"]);
    return p;
  }
  board.only(board.root(),
             {"platform", "description", "cpu", "memory", "devices", "unmodelled", "ppi_fixed", "energy"},
             "the platform");
  Platform p;
  p.file = file;
  p.name = board.text(board.require(board.root(), "platform"));
  if (board.root()["description"]) p.description = board.text(board.root()["description"]);
  read_cpu(board, p);
  read_memory(board, p);
  read_devices(board, p);
  read_energy(board, p);
  return p;
}

std::vector<std::string> platform_names(const std::filesystem::path& folder) {
  std::set<std::string> names;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec))
    if (entry.path().extension() == ".yaml") names.insert(entry.path().stem().string());
  return {names.begin(), names.end()};
}

const Platform::EnergyProfile& Platform::energy_profile(const std::string& profile) const {
  static const EnergyProfile kNone;
  const auto it = energy.find(profile.empty() ? default_energy : profile);
  if (it != energy.end()) return it->second;
  const auto fallback = energy.find(default_energy);
  return fallback != energy.end() ? fallback->second : kNone;
}

uint32_t Platform::unmodelled_reset(uint32_t address) const {
  for (const Hole& h : unmodelled) {
    if (address - h.base >= h.size) continue;
    const auto it = h.reset.find(address - h.base);
    return it == h.reset.end() ? 0 : it->second;
  }
  return 0;
}

const Platform::Memory& Platform::flash() const {
  return *std::find_if(memories.begin(), memories.end(), [](const Memory& m) { return m.flash; });
}

std::vector<std::pair<uint32_t, uint32_t>> Platform::uicr_words(const FirmwareImage& image) const {
  std::vector<std::pair<uint32_t, uint32_t>> words;
  const auto uicr =
      std::find_if(devices.begin(), devices.end(), [](const DeviceEntry& d) { return d.type == "nrf.uicr"; });
  for (const FirmwareImage::Segment& s : image.segments()) {
    const auto inside = [&](uint32_t base, uint32_t size) {
      return s.address >= base && s.address - base <= size && s.bytes.size() <= size - (s.address - base);
    };
    if (inside(flash().base, flash().size)) continue;
    if (uicr == devices.end() || !inside(uicr->params.base, uicr->params.size) || s.address % 4 != 0 ||
        s.bytes.size() % 4 != 0)
      throw ConfigError(fmt::format(
          "firmware '{}' loads {} bytes at 0x{:08x}, but the flash of '{}' is 0x{:08x} to 0x{:08x}: link it "
          "for this platform",
          image.name(), s.bytes.size(), s.address, name, flash().base, flash().base + flash().size - 1));
    for (size_t i = 0; i < s.bytes.size(); i += 4) {
      uint32_t w = 0;
      for (size_t b = 4; b-- > 0;) w = w << 8 | s.bytes[i + b];
      words.emplace_back(s.address - uicr->params.base + static_cast<uint32_t>(i), w);
    }
  }
  return words;
}

}  // namespace xedgesim::platforms
