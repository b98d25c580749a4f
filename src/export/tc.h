#pragma once
#include "export/result.h"
#include "export/shell.h"
#include "export/topology.h"

namespace xedgesim::exporter {

/// Shell files of tc and ip commands: apply.sh (what the scenario declares), profile-NAME.sh (each profile on
/// top of it), remove.sh. A machine's cable is its device on the host: what leaves by it goes towards the
/// machine; the other direction is redirected to an ifb device and shaped there.
///
/// Rates become tbf (or htb for classes), delay and loss netem, in one chain: netem in front, the shaper in
/// it. Limits: netem puts impairments before the rate, blends correlations and lets jitter reorder; there is
/// no `line_rate`. Each of them is warned about where the scenario asks for it.
Result export_tc(const scenario::Scenario& scenario);

/// The commands for one direction: `device` sends with these parameters and, behind them, this `shaping`
/// (may be null). Empty: nothing to do. `where` is for the warnings.
std::vector<Command> tc_commands(const std::string& device, const net::LinkParameters& parameters,
                                 const scenario::Bandwidth* shaping, const std::string& where,
                                 Result& result);

/// A switch port's queues as htb classes of a link; weights become shares of the rate.
void add_port_classes(const scenario::SwitchQos& qos, const std::string& where,
                      net::LinkParameters& parameters, Result& result);

/// Numbers as tc reads them: 100000000bit, 1.5us, 0.1%.
std::string tc_rate(int64_t bits_per_second);
std::string tc_time(Duration d);
std::string tc_percent(double share);

}  // namespace xedgesim::exporter
