#pragma once
#include <cstdio>
#include <string>

namespace xedgesim {

/// A tar archive (ustar) made by hand, so that it can hold what no honest program would write.
class TarWriter {
 public:
  void file(const std::string& name, const std::string& contents, unsigned mode = 0644, unsigned uid = 0) {
    entry(name, '0', contents, {}, mode, uid);
  }
  void folder(const std::string& name, unsigned mode = 0755) { entry(name, '5', {}, {}, mode, 0); }
  void link(const std::string& name, const std::string& target) { entry(name, '2', {}, target, 0777, 0); }
  void hard_link(const std::string& name, const std::string& target) {
    entry(name, '1', {}, target, 0644, 0);
  }
  void device(const std::string& name) { entry(name, '3', {}, {}, 0600, 0); }
  std::string archive() const { return out_ + std::string(1024, '\0'); }

 private:
  void entry(const std::string& name, char type, const std::string& contents, const std::string& target,
             unsigned mode, unsigned uid) {
    std::string h(512, '\0');
    const auto put = [&h](size_t at, const std::string& text) { h.replace(at, text.size(), text); };
    const auto octal = [&put](size_t at, int digits, unsigned long value) {
      char text[24];
      std::snprintf(text, sizeof text, "%0*lo", digits, value);
      put(at, text);
    };
    put(0, name.substr(0, 100));
    octal(100, 7, mode);
    octal(108, 7, uid);
    octal(116, 7, uid);
    octal(124, 11, contents.size());
    octal(136, 11, 0);
    put(148, "        ");
    h[156] = type;
    put(157, target.substr(0, 100));
    put(257, std::string("ustar\0"
                         "00",
                         8));
    if (type == '3') {
      octal(329, 7, 1);
      octal(337, 7, 3);
    }
    unsigned long sum = 0;
    for (const char c : h) sum += static_cast<unsigned char>(c);
    octal(148, 6, sum);
    h[154] = '\0';
    out_ += h + contents;
    out_.append((512 - contents.size() % 512) % 512, '\0');
  }
  std::string out_;
};

}  // namespace xedgesim
