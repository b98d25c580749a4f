#include "devices/nrf/egu.h"

namespace xedgesim::devices::nrf {

using namespace bus;

const TaskEventTable& Egu::registers() {
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_TRIGGER", run<&Egu::trigger_channel>, 16),
          event(0x100, "EVENTS_TRIGGERED", 16),
      },
      {}, {}, true);
  return table;
}

}  // namespace xedgesim::devices::nrf
