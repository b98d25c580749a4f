#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace xedgesim {

void invariant_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "xedgesim: internal error: %s does not hold (%s:%d). Please report this.\n",
               expression, file, line);
  std::abort();
}

}  // namespace xedgesim
