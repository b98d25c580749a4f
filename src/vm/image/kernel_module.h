#pragma once
#include <string>

namespace xedgesim::vm {

/// A kernel module without the signature that is appended to it (include/linux/module_signature.h): 12 bytes,
/// the last four its length, and a mark. Kernels here do not insist on one, and checking it takes an emulated
/// processor ten million instructions a module.
std::string without_signature(std::string module);

}  // namespace xedgesim::vm
