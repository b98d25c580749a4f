#pragma once
#include "scenario/codec.h"

namespace xedgesim::scenario {

/// `over` on top of `base`: maps key by key, everything else replaced. With `append`, lists of maps are
/// joined instead (base first).
ValuePtr merged(const ValuePtr& base, const ValuePtr& over, bool append = false);

/// Adds the files named by scenario.include, and theirs, under the tree. Complaints go to the report.
ValuePtr with_includes(const ValuePtr& root, LoadContext& context);

/// The `faults` of that file after those of the tree. Complaints go to the report.
ValuePtr with_timeline(const ValuePtr& root, const std::filesystem::path& file, LoadContext& context);

/// One `path=value`. Returns the changed tree; the unchanged one after a complaint.
ValuePtr with_override(const ValuePtr& root, const std::string& override_text, LoadContext& context);

/// Moves entries of `edge` that have a device's keys (platform, firmware) to `devices`, with a warning: the
/// seed's section 1.3 is printed that way.
ValuePtr with_devices_sorted_out(const ValuePtr& root, LoadContext& context);

/// Gives every entry of devices, nodes, edge, cloud, switches and links the keys of its kind and of
/// `defaults`, checks kinds, and warns of kinds nobody uses.
ValuePtr with_inherited(const ValuePtr& root, LoadContext& context);

/// Mark of the value at "faults[2].target"; of the nearest thing above it where that does not exist.
Mark place_of(const Value& root, std::string_view path);
/// The value itself, or null.
const Value* value_at(const Value& root, std::string_view path);

}  // namespace xedgesim::scenario
