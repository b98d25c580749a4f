#include "base/whole_file.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "temporary_folder.h"

namespace xedgesim {
namespace {

/// What keeps a file from being written is told as it is, be it a full disk or not.
TEST(WholeFile, SaysWhyItCannotWrite) {
  const TemporaryFolder folder;
  const auto why = [](const std::filesystem::path& file) -> std::string {
    try {
      write_whole_file(file, "text");
    } catch (const SimulationError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(why(folder / "a"), "");
  EXPECT_EQ(read_whole_file(folder / "a"), "text");
  EXPECT_EQ(why(folder / "none/a"),
            "cannot write " + (folder / "none/a").string() + ": No such file or directory");
  EXPECT_EQ(why("/dev/full"), "cannot write /dev/full: No space left on device");
}

}  // namespace
}  // namespace xedgesim
