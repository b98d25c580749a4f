#pragma once
#include "isa/core.h"

namespace xedgesim::platforms {

class Machine;

/// Who looks at a machine while it runs, and may hold it up for as long as it likes: simulated time stands
/// still meanwhile, for everybody, and what happens afterwards is the same as without.
class Debugger {
 public:
  virtual ~Debugger() = default;
  /// It wants to see every instruction; false: the core runs freely.
  virtual bool steps() const = 0;
  /// The instruction at the core's pc is next.
  virtual void before_instruction(Machine& machine) = 0;
  /// Now and then, also while the core sleeps or the board is off.
  virtual void between_stretches(Machine& machine) = 0;
  /// The core has come to a BKPT or locked up. True: it may try to go on.
  virtual bool stopped(Machine& machine, isa::Stop stop) = 0;
};

}  // namespace xedgesim::platforms
