// Writes tests/system/golden.txt anew with the digests and firmware keys of this build, line by line, and
// says which have changed.
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "golden.h"

int main() {
  using namespace xedgesim::testing;
  std::istringstream in(read_file(golden_file()));
  std::ostringstream out;
  for (std::string text; std::getline(in, text);) {
    std::string before, now;
    if (const auto l = golden_line(text); l && !of_machines(*l) && !on_wall_clock(*l)) {
      before = l->digest;
      now = run_line(*l, 1)["digest"].get<std::string>();
    } else if (text.starts_with("firmware ")) {
      std::string word, name;
      std::istringstream(text) >> word >> name >> before;
      now = firmware_key(name);
    }
    if (before != now) {
      std::cout << text << " -> " << now << std::endl;
      text.replace(text.rfind(before), before.size(), now);
    }
    out << text << "\n";
  }
  std::ofstream(golden_file()) << out.str();
}
