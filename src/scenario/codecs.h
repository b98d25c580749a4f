#pragma once
#include <limits>

#include "scenario/codec.h"
#include "scenario/suggest.h"

namespace xedgesim::scenario {

// Text ------------------------------------------------------------------------------------------------
CodecPtr<std::string> text();
/// Letters, digits, '_', '-' and '.', beginning with a letter or digit.
CodecPtr<std::string> identifier();
/// One of the names; `what` says what they name ("metric").
CodecPtr<std::string> known_name(std::string what, std::vector<std::string> names);
CodecPtr<std::string> mac_address();
CodecPtr<std::string> ip_address();
CodecPtr<bool> boolean();

// Files -----------------------------------------------------------------------------------------------
enum class FileKind { must_exist, path_or_name };
/// path_or_name: a bare word without '/' and extension is a name and has no resolved path.
CodecPtr<FilePath> file_path(FileKind kind = FileKind::must_exist);
/// "fw.elf", "fw.hex", "fw.bin@0x1000".
CodecPtr<Firmware> firmware_image();
/// Where `written` is found when it stands in the given source.
FilePath resolve_path(const std::string& written, const Mark& mark, const LoadContext& context);
/// Complains if there is no such file (unless files are not to be checked).
bool check_exists(const FilePath& file, const Mark& mark, const Path& path, LoadContext& context);

// Plain numbers ---------------------------------------------------------------------------------------
/// Decimal or 0x… .
CodecPtr<int64_t> integer(int64_t min, int64_t max, std::string what = "a whole number");
CodecPtr<uint64_t> unsigned_integer();
CodecPtr<double> real(double min, double max);
/// A number, or a percentage as its hundredth.
CodecPtr<double> measured();

// Quantities (base/units.h). Bare numbers are refused except where a bare_ function says otherwise -------
/// The shortest exact spelling: "1500ms".
std::string format_duration(Duration d);
CodecPtr<Duration> duration();
CodecPtr<Duration> positive_duration();
CodecPtr<int64_t> frequency();
CodecPtr<int64_t> bit_rate();
CodecPtr<int64_t> bytes(int64_t min = 0);
CodecPtr<int64_t> bytes_bare(int64_t bare_factor, int64_t min, int64_t max);  ///< factor 1, 1 MiB or 1 GiB
CodecPtr<double> power(double min_dbm = -200, double max_dbm = 60);
CodecPtr<double> power_bare();  ///< 0 = 0dBm
CodecPtr<double> ratio_db(double min, double max);
CodecPtr<double> ratio_db_bare(double min, double max);
CodecPtr<double> length(double min_m, double max_m);
CodecPtr<double> length_bare(double min_m, double max_m);
CodecPtr<double> fraction();
CodecPtr<double> cores();  ///< 150% = 1.5
CodecPtr<double> voltage(double min_v, double max_v);
CodecPtr<double> charge();
CodecPtr<double> ppm();
CodecPtr<Position> position();  ///< [x, y] or [x, y, z]

// Choices ---------------------------------------------------------------------------------------------
template <class E>
struct Option {
  std::string name;  ///< the first option of a value is the one dumped
  E value;
};

/// Name -> what to call it in a message, shared by all choices.
bool choose(const Value& value, const std::vector<std::string>& names, size_t& chosen, const Path& path,
            LoadContext& context);

nlohmann::json choice_schema(const std::vector<std::string>& names);

template <class E>
class ChoiceCodec : public Codec<E> {
 public:
  explicit ChoiceCodec(std::vector<Option<E>> options) : options_(std::move(options)) {
    for (const auto& o : options_) names_.push_back(o.name);
  }
  bool load(const Value& value, E& out, const Path& path, LoadContext& context) const override {
    size_t chosen = 0;
    if (!choose(value, names_, chosen, path, context)) return false;
    out = options_[chosen].value;
    return true;
  }
  nlohmann::json schema(bool) const override { return choice_schema(names_); }
  ValuePtr dump(const E& value) const override {
    for (const auto& o : options_)
      if (o.value == value) return make_text(o.name);
    return nullptr;
  }
  std::string type() const override { return name_list(names_); }

 private:
  std::vector<Option<E>> options_;
  std::vector<std::string> names_;
};

template <class E>
CodecPtr<E> choice(std::vector<Option<E>> options) {
  return std::make_shared<ChoiceCodec<E>>(std::move(options));
}

}  // namespace xedgesim::scenario
