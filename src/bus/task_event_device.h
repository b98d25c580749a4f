#pragma once
#include <array>
#include <initializer_list>
#include <vector>

#include "bus/interconnect.h"
#include "bus/register_device.h"

namespace xedgesim::bus {

/// Where Nordic peripherals keep their common registers (nRF52840 PS 6.1, "Peripheral interface").
namespace nordic {
constexpr uint32_t kTasks = 0x000, kTasksEnd = 0x100;
constexpr uint32_t kEvents = 0x100, kEventsEnd = 0x180;
constexpr uint32_t kShorts = 0x200, kInten = 0x300, kIntenset = 0x304, kIntenclr = 0x308;
/// The bit of an event in INTEN, INTENSET, INTENCLR (and EVTEN).
constexpr unsigned event_bit(uint32_t event_offset) { return (event_offset - kEvents) / 4; }
}  // namespace nordic

/// A bit of SHORTS: the event triggers the task inside the peripheral.
struct Short {
  uint8_t bit;
  uint16_t event;  ///< offset of the EVENTS_ register
  uint16_t task;   ///< offset of the TASKS_ register
};

/// Rows of the common pattern, made by these instead of written out. `run<&Timer::start>` takes a
/// `void start()`, `run<&Timer::capture>` a `void capture(unsigned index)`.
template <auto M>
void run(RegisterDevice& d, unsigned index, uint32_t value) {
  if (value == 0) return;  // only a one triggers
  using C = typename detail::MemberClass<decltype(M)>::type;
  if constexpr (requires(C & c) { (c.*M)(); }) {
    (static_cast<C&>(d).*M)();
  } else {
    (static_cast<C&>(d).*M)(index);
  }
}
Register task(uint16_t offset, const char* name, WriteCallback run, uint16_t count = 1, uint16_t stride = 4);
Register event(uint16_t offset, const char* name, uint16_t count = 1, uint16_t stride = 4);

/// Register table of a peripheral with tasks and events. EVENTS_ rows get their callbacks, INTENSET and
/// INTENCLR (and INTEN when `with_inten`) and SHORTS are added; their bits follow from the events and shorts.
class TaskEventTable : public RegisterTable {
 public:
  TaskEventTable(std::vector<Register> tasks_and_events, std::vector<Short> shorts,
                 std::vector<Register> others, bool with_inten = false);
  uint32_t event_mask() const { return event_mask_; }
  uint32_t shorts_of_event(unsigned bit) const { return shorts_of_event_[bit]; }
  const std::vector<Short>& shorts() const { return shorts_; }

 private:
  uint32_t event_mask_ = 0;
  std::array<uint32_t, 32> shorts_of_event_{};
  std::vector<Short> shorts_;
};

/// A peripheral with the tasks / events / shorts / interrupt-enable pattern. The event registers are one word
/// of bits; the interrupt line is recomputed by update() from events and enables, and nothing else drives it.
///
/// Generating an event may run tasks of this and other devices before generate() returns (PPI and SHORTS act
/// in zero time), so a model changes its state first and generates events last.
class TaskEventDevice : public RegisterDevice, public TaskTarget {
 public:
  static constexpr int kNoIrq = -1;
  TaskEventDevice(std::string name, uint32_t base, uint32_t size, int irq, const TaskEventTable& table,
                  Board& board);

  bool trigger(uint32_t offset) final;
  void reset() override;

 protected:
  /// Sets the event, drives the line, publishes to the interconnect, runs the shorts. In this order.
  void generate(uint32_t event_offset) { generate(event_offset, true); }
  void generate(uint32_t event_offset, bool publish);
  bool pending(uint32_t event_offset) const { return events_ >> nordic::event_bit(event_offset) & 1; }
  void clear(uint32_t event_offset);
  uint32_t inten() const { return inten_; }
  uint32_t shorts() const { return shorts_; }
  /// Called after INTEN, SHORTS or an event register changed, for models whose alarms depend on who listens.
  virtual void listeners_changed() {}
  void update();

 private:
  friend class TaskEventTable;
  uint32_t read_event(unsigned bit) const { return events_ >> bit & 1; }
  void write_event(unsigned bit, uint32_t value);
  uint32_t read_inten(unsigned) const { return inten_; }
  void write_inten(unsigned, uint32_t v);
  void write_intenset(unsigned, uint32_t v);
  void write_intenclr(unsigned, uint32_t v);
  void write_shorts(unsigned, uint32_t v);
  void run_shorts(uint32_t mask);

  const TaskEventTable& pattern_;
  const int irq_;
  uint32_t events_ = 0, inten_ = 0, shorts_ = 0;
  bool line_ = false;
};

}  // namespace xedgesim::bus
