#pragma once
#include "scenario/codec.h"

namespace xedgesim::scenario {

void check_batch(const Batch& batch, const Value& root, LoadContext& context);

}  // namespace xedgesim::scenario
