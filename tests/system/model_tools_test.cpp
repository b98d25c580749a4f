// `xedgesim model` on models that others made: Debian's PyTorch writes them when it is installed.
#include <gtest/gtest.h>

#include <cstdlib>

#include "program.h"

namespace xedgesim::testing {
namespace {

class UsersModels : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    exported_ = std::system(("/usr/bin/python3 '" + source("tests/system/export_models.py") + "' '" +
                             folder_->path().string() + "' >'" + (*folder_ / "log").string() + "' 2>&1")
                                .c_str()) == 0;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  void SetUp() override {
    if (exported_) return;
    const std::string log = read_file(*folder_ / "log");
    if (log.find("No module named") == std::string::npos && log.find("not found") == std::string::npos)
      FAIL() << log;
    GTEST_SKIP() << "Debian's python3-torch is not installed: scripts/setup --with torch";
  }
  static std::string file(const std::string& name) { return (*folder_ / name).string(); }
  static ProgramResult model(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "model");
    return run_program(arguments);
  }
  static std::string refusal(std::vector<std::string> arguments) {
    const ProgramResult r = model(std::move(arguments));
    EXPECT_EQ(r.exit_code, 3) << r.out << r.err;
    return r.err;
  }

 private:
  static inline TemporaryFolder* folder_ = nullptr;
  static inline bool exported_ = false;
};

bool without_onnx_runtime(const ProgramResult& r) {
  return r.err.find("get-onnxruntime") != std::string::npos;
}

TEST_F(UsersModels, AreQuantisedVerifiedAndCut) {
  for (const std::string name : {"spectrogram", "signal", "residual"}) {
    const ProgramResult quantised =
        model({"quantize", file(name + ".onnx"), "--data", file(name + ".csv"), "--output", file(name)});
    ASSERT_EQ(quantised.exit_code, 0) << name << quantised.err;
    // Labels are what PyTorch itself answered.
    const ProgramResult same = model({"verify", file(name + ".onnx"), file(name + "_int8.tflite"), "--data",
                                      file(name + ".csv"), "--tolerance", "0.2", "--json"});
    if (without_onnx_runtime(same)) GTEST_SKIP() << same.err;
    ASSERT_EQ(same.exit_code, 0) << name << same.out << same.err;
    const auto figures = nlohmann::json::parse(same.out);
    EXPECT_EQ(figures["rows"], 120);
    EXPECT_EQ(figures["accuracy_first"], 1.0) << name;
    EXPECT_GE(figures["accuracy_second"], 0.95) << name;
    const ProgramResult layers = model({"inspect", file(name + "_int8.onnx"), "--json"});
    ASSERT_EQ(layers.exit_code, 0) << layers.err;
    int cuts = 0;
    const auto description = nlohmann::json::parse(layers.out);
    for (const auto& layer : description["layers"]) {
      const std::string after = layer["layer"].dump();
      std::vector<std::string> arguments{"split",  file(name + "_int8.onnx"), "--after",     after,
                                         "--data", file(name + ".csv"),       "--tolerance", "0.2"};
      if (!layer["cut_behind"].get<bool>()) {
        refusal(arguments);
        continue;
      }
      const ProgramResult parts = model(arguments);
      EXPECT_EQ(parts.exit_code, 0) << name << after << parts.out << parts.err;
      EXPECT_NE(parts.out.find("sent between them: " + layer["elements"].dump() + " int8 values"),
                std::string::npos)
          << parts.out;
      EXPECT_NE(parts.out.find("they agree"), std::string::npos) << parts.out;
      ++cuts;
    }
    EXPECT_GE(cuts, 2) << name;
  }
}

TEST_F(UsersModels, WhatIsNotSupportedIsNamed) {
  EXPECT_NE(refusal({"inspect", file("recurrent.onnx")}).find("operator Transpose"), std::string::npos);
  EXPECT_NE(refusal({"inspect", file("sigmoid.onnx")}).find("operator Sigmoid"), std::string::npos);
  EXPECT_NE(refusal({"inspect", file("grouped.onnx")}).find("has groups other than one a channel"),
            std::string::npos);
  EXPECT_NE(refusal({"inspect", file("free_size.onnx")}).find("it has [1, 1, ?, ?]"), std::string::npos);
  EXPECT_NE(refusal({"split", file("signal.onnx"), "--after", "0"}).find("is a model in floats"),
            std::string::npos);
}

TEST_F(UsersModels, DamagedFilesAndDataAreSaid) {
  const std::string whole = read_file(file("signal.onnx"));
  for (size_t bytes : {size_t{0}, size_t{1}, whole.size() / 3, whole.size() / 2}) {
    std::ofstream(file("cut.onnx"), std::ios::binary) << whole.substr(0, bytes);
    EXPECT_NE(refusal({"inspect", file("cut.onnx")}).find("the file is cut short or not an ONNX model"),
              std::string::npos);
  }
  const auto with_data = [&](const std::string& text) {
    std::ofstream(file("data.csv"), std::ios::binary) << text;
    return refusal({"quantize", file("signal.onnx"), "--data", file("data.csv"), "--output", file("q")});
  };
  std::string row = "1";
  for (int i = 1; i < 64; ++i) row += ",1";
  EXPECT_NE(with_data("").find("has no rows"), std::string::npos);
  EXPECT_NE(with_data(row + "\n" + row.substr(0, row.size() - 1) + "nan\n")
                .find(":2: column 64: 'nan' is not a finite"),
            std::string::npos);
  EXPECT_NE(with_data("1,2,3\n").find("has 3 values, but the model takes 64"), std::string::npos);
  EXPECT_NE(refusal({"quantize", file("signal.onnx"), "--data", file("none.csv")}).find("cannot be read"),
            std::string::npos);
}

}  // namespace
}  // namespace xedgesim::testing
