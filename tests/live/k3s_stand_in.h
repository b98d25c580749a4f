#pragma once
#include <string>

#include "../system/program.h"
#include "base/error.h"
#include "vm/process.h"

namespace xedgesim::testing {

/// Builds the stand-in for k3s at `program`, without libraries. Why it could not; empty: it is there.
inline std::string build_k3s_stand_in(const std::filesystem::path& program) {
  try {
    vm::run_to_end({"cc", "-static", "-O1", "-o", program.string(), source("tests/live/k3s_stand_in.c")},
                   Duration::s(60));
    return {};
  } catch (const Error& e) {
    return e.what();
  }
}

/// `left` is the server and `right` an agent of one type; the server lists its nodes after some seconds.
inline std::string k3s_pair(const std::string& type_and_image, const std::string& listed_at,
                            const std::string& server_more = "", const std::string& program = "k3s") {
  return "  - {id: left, " + type_and_image +
         ", ip: 10.7.0.1, role: k3s-server, k3s: {binary: ./k3s, extra_flags: [--disable, traefik], "
         "pod_limits: {cpu: 50%, memory: 64MiB}}, exec: [{at: " +
         listed_at + ", command: '" + program + " kubectl get nodes'}]" + server_more +
         "}\n  - {id: right, " + type_and_image + ", ip: 10.7.0.2, role: k3s-agent, k3s: {binary: ./k3s}}\n";
}
inline constexpr const char* kK3sAssertions =
    "validation:\n  assertions:\n"
    "    - {expect_line: 'token of 64 characters, mode 600', node: left}\n"
    "    - {expect_line: 'manifest xedgesim-limits.yaml', node: left}\n"
    "    - {expect_line: 'without traefik', node: left}\n"
    "    - {expect_line: 'the server says: welcome', node: right}\n"
    "    - {expect_line: 'left Ready', node: left}\n"
    "    - {expect_line: 'right Ready', node: left}\n";

}  // namespace xedgesim::testing
