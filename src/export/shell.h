#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::exporter {

/// A program and its arguments.
using Command = std::vector<std::string>;

inline void append(Command& command, std::initializer_list<std::string> words) {
  command.insert(command.end(), words);
}

/// One word of a POSIX shell, whatever the text holds.
std::string shell_word(std::string_view text);
/// All words, quoted where they need it, with spaces between.
std::string shell_line(const Command& command);
/// Text for a comment or a sentence: control characters become spaces.
std::string one_line(std::string_view text);

/// A POSIX shell script: every command stands there with each argument quoted, and the first that fails ends
/// it.
class Script {
 public:
  /// `purpose`: a sentence for its head.
  explicit Script(std::string_view purpose);
  void comment(std::string_view text) { text_ += "# " + one_line(text) + "\n"; }
  void run(const Command& command) { text_ += shell_line(command) + "\n"; }
  /// A command whose failure does not matter.
  void attempt(const Command& command) { text_ += shell_line(command) + " 2>/dev/null || true\n"; }
  /// A line of shell that holds nothing of the user's.
  void line(std::string_view text) { text_ += std::string(text) + "\n"; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace xedgesim::exporter
