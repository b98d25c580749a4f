#include "bus/task_event_device.h"

#include "base/error.h"

namespace xedgesim::bus {

using namespace nordic;

Register task(uint16_t offset, const char* name, WriteCallback run, uint16_t count, uint16_t stride) {
  return {.offset = offset,
          .name = name,
          .access = Access::wo,
          .fields = {{"TRIGGER", 0}},
          .write = run,
          .count = count,
          .stride = stride};
}

Register event(uint16_t offset, const char* name, uint16_t count, uint16_t stride) {
  return {.offset = offset,
          .name = name,
          .fields = {{"GENERATED", 0}},
          .count = count,
          .stride = stride,
          .first_index = static_cast<uint16_t>(event_bit(offset)),
          .index_step = static_cast<uint16_t>(stride / 4)};
}

namespace {

bool is_event(const Register& r) { return r.offset >= kEvents && r.offset < kEventsEnd; }

uint32_t event_bits(const std::vector<Register>& rows) {
  uint32_t mask = 0;
  for (const Register& r : rows) {
    if (!is_event(r)) continue;
    for (unsigned i = 0; i < r.count; ++i) mask |= 1u << (r.first_index + i * r.index_step);
  }
  return mask;
}

}  // namespace

TaskEventTable::TaskEventTable(std::vector<Register> rows, std::vector<Short> shorts,
                               std::vector<Register> others, bool with_inten)
    : RegisterTable({[&] {
                       for (Register& r : rows) {
                         if (!is_event(r)) continue;
                         r.read = get<&TaskEventDevice::read_event>;
                         r.write = set<&TaskEventDevice::write_event>;
                       }
                       if (with_inten) {
                         rows.push_back({.offset = kInten,
                                         .name = "INTEN",
                                         .read = get<&TaskEventDevice::read_inten>,
                                         .write = set<&TaskEventDevice::write_inten>});
                       }
                       if (event_bits(rows) != 0) {
                         rows.push_back({.offset = kIntenset,
                                         .name = "INTENSET",
                                         .read = get<&TaskEventDevice::read_inten>,
                                         .write = set<&TaskEventDevice::write_intenset>});
                         rows.push_back({.offset = kIntenclr,
                                         .name = "INTENCLR",
                                         .read = get<&TaskEventDevice::read_inten>,
                                         .write = set<&TaskEventDevice::write_intenclr>});
                       }
                       if (!shorts.empty()) {
                         std::vector<Field> fields;
                         for (const Short& s : shorts) fields.push_back({"SHORT", s.bit});
                         rows.push_back({.offset = kShorts,
                                         .name = "SHORTS",
                                         .fields = fields,
                                         .write = set<&TaskEventDevice::write_shorts>});
                       }
                       return rows;
                     }(),
                     std::move(others)}),
      event_mask_(event_bits(this->rows())),
      shorts_(std::move(shorts)) {
  for (const Short& s : shorts_) shorts_of_event_[event_bit(s.event)] |= 1u << s.bit;
}

TaskEventDevice::TaskEventDevice(std::string name, uint32_t base, uint32_t size, int irq,
                                 const TaskEventTable& table, Board& board)
    : RegisterDevice(std::move(name), base, size, table, board), pattern_(table), irq_(irq) {}

bool TaskEventDevice::trigger(uint32_t offset) {
  const unsigned i = table().slot_of(offset);
  const RegisterTable::Slot& s = table().slot(i);
  if (offset >= kTasksEnd || s.write == nullptr) return false;
  s.write(*this, s.index, 1);
  return true;
}

void TaskEventDevice::reset() {
  RegisterDevice::reset();
  events_ = inten_ = shorts_ = 0;
  update();
}

void TaskEventDevice::generate(uint32_t event_offset, bool publish) {
  const unsigned bit = event_bit(event_offset);
  events_ |= 1u << bit;
  if (inten_ >> bit & 1) update();
  if (publish) board().publish(base() + event_offset);
  const uint32_t active = shorts_ & pattern_.shorts_of_event(bit);
  if (active != 0) run_shorts(active);
}

void TaskEventDevice::run_shorts(uint32_t mask) {
  for (const Short& s : pattern_.shorts()) {
    if (mask >> s.bit & 1) trigger(s.task);
  }
}

void TaskEventDevice::clear(uint32_t event_offset) {
  events_ &= ~(1u << event_bit(event_offset));
  update();
}

void TaskEventDevice::update() {
  const bool level = (events_ & inten_) != 0;
  if (level == line_) return;
  line_ = level;
  if (irq_ != kNoIrq) board().set_irq(static_cast<unsigned>(irq_), level);
}

void TaskEventDevice::write_event(unsigned bit, uint32_t value) {
  events_ = (events_ & ~(1u << bit)) | value << bit;
  update();
  listeners_changed();
}

void TaskEventDevice::write_inten(unsigned, uint32_t v) {
  inten_ = v & pattern_.event_mask();
  update();
  listeners_changed();
}

void TaskEventDevice::write_intenset(unsigned index, uint32_t v) { write_inten(index, inten_ | v); }
void TaskEventDevice::write_intenclr(unsigned index, uint32_t v) { write_inten(index, inten_ & ~v); }

void TaskEventDevice::write_shorts(unsigned, uint32_t v) {
  shorts_ = v;
  listeners_changed();
}

}  // namespace xedgesim::bus
