#include "devices/nrf/nvmc.h"

#include <fmt/format.h>

#include <algorithm>

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kConfig = 0x504, kPartialConfig = 0x51c;
constexpr uint32_t kWriteEnable = 1, kEraseEnable = 2;
constexpr Field kWen{"WEN", 0, 2}, kDuration{"DURATION", 0, 7};
// PS 4.3.9.
constexpr Duration kWriteTime = Duration::us(41), kErasePage = Duration::ms(85),
                   kEraseAll = Duration::ms(169);

}  // namespace

const RegisterTable& Nvmc::registers() {
  using N = Nvmc;
  static const RegisterTable table({{
      {.offset = 0x400, .name = "READY", .access = Access::ro, .read = get<&N::ready>},
      {.offset = 0x408, .name = "READYNEXT", .access = Access::ro, .read = get<&N::ready>},
      {.offset = kConfig, .name = "CONFIG", .fields = {kWen}},
      {.offset = 0x508, .name = "ERASEPAGE", .write = set<&N::erase_page>},
      {.offset = 0x50c, .name = "ERASEALL", .fields = {{"ERASEALL", 0}}, .write = set<&N::erase_all>},
      {.offset = 0x510, .name = "ERASEPCR0", .write = set<&N::erase_page>},
      {.offset = 0x514, .name = "ERASEUICR", .fields = {{"ERASEUICR", 0}}, .write = set<&N::erase_uicr>},
      {.offset = 0x518, .name = "ERASEPAGEPARTIAL", .write = set<&N::erase_partial>},
      {.offset = kPartialConfig, .name = "ERASEPAGEPARTIALCFG", .reset = 10, .fields = {kDuration}},
      {.offset = 0x540, .name = "ICACHECNF", .fields = {{"CACHEEN", 0}, {"CACHEPROFEN", 8}}},
      {.offset = 0x548, .name = "IHIT", .fields = {}},
      {.offset = 0x54c, .name = "IMISS", .fields = {}},
      {.offset = 0x800, .name = "ACL.ADDR", .count = 8, .stride = 0x10},
      {.offset = 0x804, .name = "ACL.SIZE", .count = 8, .stride = 0x10},
      {.offset = 0x808,
       .name = "ACL.PERM",
       .fields = {{"WRITE", 1}, {"READ", 2}},
       .count = 8,
       .stride = 0x10},
  }});
  return table;
}

Nvmc::Nvmc(const DeviceParams& params, Board& board, Resources& resources)
    : RegisterDevice(params.name, params.base, params.size, registers(), board),
      flash_(resources.flash),
      links_(resources.links),
      page_(params.number("page", 0x1000)) {
  links_.nvmc = this;
}

void Nvmc::reset() {
  RegisterDevice::reset();
  busy_until_ = SimTime::zero();
  partial_erased_ = Duration();
}

bool Nvmc::write_enabled() const { return kWen.of(value(kConfig)) == kWriteEnable; }

void Nvmc::word_written() { busy_for(kWriteTime); }

void Nvmc::busy_for(Duration d) { busy_until_ = std::max(busy_until_, board().now()) + d; }

uint32_t Nvmc::ready(unsigned) { return board().now() >= busy_until_ ? 1 : 0; }

bool Nvmc::flash_write(uint32_t address, unsigned width, uint32_t value) {
  if (flash_ == nullptr || address >= flash_->size()) return false;
  if (!write_enabled()) {
    note(fmt::format("store to flash at 0x{:08x} ignored: CONFIG does not enable writing", address));
    return false;
  }
  if (width != 4 || address % 4 != 0) {
    note(fmt::format("store to flash at 0x{:08x} ignored: only aligned words can be written", address));
    return false;
  }
  flash_->program(address, value);
  word_written();
  return true;
}

bool Nvmc::erase_enabled(const char* what) const {
  if (flash_ == nullptr) {
    note("erase ignored: this machine's flash is read-only");
    return false;
  }
  if (kWen.of(value(kConfig)) == kEraseEnable) return true;
  note(fmt::format("{} ignored: CONFIG does not enable erasing", what));
  return false;
}

void Nvmc::erase_page(unsigned, uint32_t address) {
  if (!erase_enabled("ERASEPAGE")) return;
  if (address % page_ != 0 || address >= flash_->size()) {
    return note(fmt::format("ERASEPAGE ignored: 0x{:08x} is not the start of a flash page", address));
  }
  flash_->erase(address, page_);
  busy_for(kErasePage);
}

void Nvmc::erase_all(unsigned, uint32_t v) {
  if (v == 0 || !erase_enabled("ERASEALL")) return;
  flash_->erase(0, flash_->size());
  if (links_.uicr != nullptr) links_.uicr->erase();
  busy_for(kEraseAll);
}

void Nvmc::erase_uicr(unsigned, uint32_t v) {
  if (v == 0 || !erase_enabled("ERASEUICR")) return;
  if (links_.uicr != nullptr) links_.uicr->erase();
  busy_for(kErasePage);
}

void Nvmc::erase_partial(unsigned, uint32_t address) {
  if (!erase_enabled("ERASEPAGEPARTIAL")) return;
  if (address % page_ != 0 || address >= flash_->size()) {
    return note(fmt::format("ERASEPAGEPARTIAL ignored: 0x{:08x} is not the start of a flash page", address));
  }
  if (address != partial_page_) partial_erased_ = Duration();
  partial_page_ = address;
  const Duration step = Duration::ms(kDuration.of(value(kPartialConfig)));
  partial_erased_ += step;
  busy_for(step);
  if (partial_erased_ < kErasePage) return;
  flash_->erase(address, page_);
  partial_erased_ = Duration();
}

}  // namespace xedgesim::devices::nrf
