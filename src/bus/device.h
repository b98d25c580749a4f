#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sim/event.h"

namespace xedgesim::bus {

class Device;

/// Handle of a scheduled device event; zero is none.
using AlarmId = uint64_t;

/// Code of a delivery to a device with a serial line: `data` are bytes that another side sends to it.
inline constexpr uint32_t kSerialInput = 0x300;

/// An event or task endpoint as PPI sees it: the address of its register (EVENTS_* or TASKS_*).
using RegisterAddress = uint32_t;

/// What a machine gives to the devices in it. One per machine; everything is single-threaded inside it.
class Board {
 public:
  virtual ~Board() = default;

  /// Device-visible time of the instruction or event being executed.
  virtual SimTime now() const = 0;
  /// Calls device.on_alarm(code) at `when` (>= now()), before any instruction that starts later. Equal times
  /// are handled in order of scheduling.
  virtual AlarmId schedule(Device& device, SimTime when, uint32_t code) = 0;
  /// Forgets an alarm; zero and alarms already run are ignored.
  virtual void cancel(AlarmId id) = 0;

  /// Level of interrupt line `irq` (NVIC external interrupt number).
  virtual void set_irq(unsigned irq, bool level) = 0;

  /// An EVENTS_* register was generated: the interconnect triggers what is wired to it, in zero time.
  virtual void publish(RegisterAddress event) = 0;

  /// EasyDMA: RAM only, as on the chip. False (and a log line) when any byte lies outside RAM.
  virtual bool dma_read(uint32_t address, std::span<uint8_t> out) = 0;
  virtual bool dma_write(uint32_t address, std::span<const uint8_t> in) = 0;

  /// Sends a message to the medium or wire the device is attached to; e.time is now() or later, e.target is
  /// filled in by the machine for messages of src/sim/air.h.
  virtual void transmit(Device& device, sim::Event e) = 0;
  /// Asks the machine to stop at `when` at the latest, because an answer due then was asked for.
  virtual void sync_at(SimTime when) = 0;

  /// Random bits of this node for `purpose` (keyed by seed and node).
  virtual uint32_t random_bits(std::string_view purpose) = 0;

  /// One line in the node's log, with time and pc; `once` lines with equal text are printed once a run.
  virtual void log(std::string_view text, bool once = true) = 0;

  /// Bytes the firmware prints (UART TXD).
  virtual void console(std::string_view device, uint8_t byte) = 0;

  /// Energy account: the named consumer ("radio_tx", "radio_rx", "saadc", ...) draws this current from now
  /// on.
  virtual void current(std::string_view consumer, double amperes) = 0;
};

/// A memory-mapped peripheral. Accesses are aligned words unless the device says otherwise.
class Device {
 public:
  Device(std::string name, uint32_t base, uint32_t size) : name_(std::move(name)), base_(base), size_(size) {}
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const std::string& name() const { return name_; }
  uint32_t base() const { return base_; }
  uint32_t size() const { return size_; }

  /// `offset` < size(), `width` 1, 2 or 4 bytes.
  virtual uint32_t read(uint32_t offset, unsigned width) = 0;
  virtual void write(uint32_t offset, unsigned width, uint32_t value) = 0;
  /// Power-on or system reset.
  virtual void reset() = 0;
  virtual void on_alarm(uint32_t code) { (void)code; }
  /// A delivery from the medium (src/sim/air.h) or a wire; for devices attached to one.
  virtual void on_delivery(const sim::Event& e) { (void)e; }

 private:
  std::string name_;
  uint32_t base_, size_;
};

}  // namespace xedgesim::bus
