// Every row of the decode table against Unicorn, with random operands, flags and memory; then random
// sequences. XEDGESIM_ISA_SEED sets the seed, XEDGESIM_ISA_FACTOR multiplies the number of compared
// instructions.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "exclusions.h"
#include "generator.h"

namespace xedgesim::isa::test {
namespace {

constexpr unsigned kParts = 8, kPerRow = 1100;

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}
uint64_t seed() { return number_from("XEDGESIM_ISA_SEED", 20240607); }
uint64_t factor() { return number_from("XEDGESIM_ISA_FACTOR", 1); }

std::string describe(const arm::Row& row, uint32_t raw, const State& start) {
  std::string out = fmt::format("{} {:0{}x} at {:08x}, seed {}\n  start:", row.name, raw,
                                row.picture.wide ? 8 : 4, start.registers.r[15], seed());
  for (size_t i = 0; i < 15; ++i) out += fmt::format(" r{}={:08x}", i, start.registers.r[i]);
  out += fmt::format(" apsr={:08x} fpscr={:08x}\n", start.registers.xpsr, start.registers.fpscr);
  const arm::Fields f(row.picture, raw);
  for (auto [v, w] : {std::pair{'e', 'E'}, std::pair{'f', 'F'}, std::pair{'g', 'G'}}) {
    const uint32_t n = f[v] << 1 | f[w];
    if (n < 32) out += fmt::format(" s{}={:08x}", n, start.registers.s[n]);
  }
  return out + "\n";
}

void put(uint8_t* code, uint32_t address, uint32_t raw, bool wide) {
  const auto half = [&](uint32_t at, uint32_t v) {
    code[at] = static_cast<uint8_t>(v);
    code[at + 1] = static_cast<uint8_t>(v >> 8);
  };
  if (wide) half(address, raw >> 16);
  half(address + (wide ? 2 : 0), raw & 0xFFFF);
}

struct Sample {
  uint32_t raw;
  uint32_t address;
};

class EveryRow : public testing::TestWithParam<unsigned> {};

TEST_P(EveryRow, AgreesWithUnicorn) {
  const auto table = arm::decode_table();
  Oracle oracle;
  RandomStream background(seed(), "isa", "code");
  for (uint32_t i = 0; i < kCodeSize; i += 4) {
    const uint32_t v = background();
    std::memcpy(oracle.code() + i, &v, 4);
  }
  uint64_t compared = 0, failures = 0;
  for (size_t i = GetParam(); i < table.size(); i += kParts) {
    const arm::Row& row = table[i];
    if (excluded_row(row)) continue;
    RandomStream random(seed(), "isa", row.name);
    const auto count = static_cast<uint32_t>(kPerRow * factor());
    uint64_t row_compared = 0;
    for (uint32_t done = 0, row_failures = 0; done < count && row_failures < 2;) {
      std::vector<Sample> samples;
      for (uint32_t n = 0; n < 500 && done + n < count; ++n) {
        const Sample s{random_encoding(row, random), kSlots + 0x400 + 12 * n + 2 * random.below(2)};
        put(oracle.code(), s.address, s.raw, row.picture.wide);
        samples.push_back(s);
      }
      oracle.code_changed();
      Subject with_image(true, oracle.code()), without_image(false, oracle.code());
      for (size_t n = 0; n < samples.size() && row_failures < 2; ++n) {
        const Sample& s = samples[n];
        State start = random_state(row, s.raw, random);
        start.registers.r[15] = s.address;
        std::string our_error, their_error;
        const State ours = (n % 4 ? with_image : without_image).run(start, std::nullopt, our_error);
        if (ours.registers.r[15] >= kCodeSize) continue;  // a branch out of the code: nothing to fetch there
        // Unicorn ends before it begins when it is to stop where it starts, which a branch to itself would
        // ask for.
        const uint32_t until = ours.registers.r[15] == s.address ? kCodeSize : ours.registers.r[15];
        const State theirs = oracle.run(start, until, 1, their_error);
        std::string difference = compare(ours, theirs);
        if (our_error != their_error)
          difference += "  ours: " + our_error + ", Unicorn: " + their_error + "\n";
        if (!difference.empty()) {
          ++row_failures;
          ++failures;
          ADD_FAILURE() << describe(row, s.raw, start) << difference;
        }
        ++compared;
        ++row_compared;
      }
      done += static_cast<uint32_t>(samples.size());
    }
    EXPECT_GE(row_compared, kPerRow / 3) << row.name << " was hardly exercised";
    if (failures > 40) break;
  }
  std::cout << "compared " << compared << " instructions, seed " << seed() << "\n";
  RecordProperty("compared", std::to_string(compared));
  EXPECT_GT(compared, 1000u);
}

INSTANTIATE_TEST_SUITE_P(Part, EveryRow, testing::Range(0u, kParts));

/// Straight-line sequences with IT blocks: what one instruction leaves is what the next one takes.
class Sequences : public testing::TestWithParam<unsigned> {};

TEST_P(Sequences, AgreeWithUnicorn) {
  constexpr uint32_t kLength = 24, kBytes = 128;
  Oracle oracle;
  RandomStream random(seed(), "isa", fmt::format("sequence {}", GetParam()));
  uint64_t compared = 0;
  unsigned failures = 0;
  const auto batches = static_cast<uint32_t>(8 * factor());
  for (uint32_t batch = 0; batch < batches && failures < 5; ++batch) {
    struct Sequence {
      uint32_t start, end, count;
      std::string text;
    };
    std::vector<Sequence> sequences;
    for (uint32_t n = 0; n < 100; ++n) {
      Sequence q{kSlots + n * kBytes, kSlots + n * kBytes, 0, ""};
      const auto add = [&](uint32_t raw, bool wide, std::string_view name) {
        put(oracle.code(), q.end, raw, wide);
        q.text += fmt::format("  {:08x} {:0{}x} {}\n", q.end, raw, wide ? 8 : 4, name);
        q.end += wide ? 4 : 2;
        ++q.count;
      };
      while (q.count < kLength) {
        unsigned in_block = 0;
        if (random.chance(0.15)) {
          const uint32_t cond = random.below(14), mask = 1 + random.below(15);
          in_block = 4 - static_cast<unsigned>(std::countr_zero(mask));
          add(0xBF00 | cond << 4 | mask, false, "IT");
        } else {
          in_block = 1;
        }
        for (; in_block; --in_block) {
          bool wide;
          uint16_t row;
          const uint32_t raw = random_straight_line(random, wide, row);
          add(raw, wide, arm::decode_table()[row].name);
        }
      }
      ASSERT_LT(q.end - q.start, kBytes);
      sequences.push_back(q);
    }
    oracle.code_changed();
    Subject with_image(true, oracle.code()), without_image(false, oracle.code());
    for (size_t n = 0; n < sequences.size() && failures < 5; ++n) {
      const Sequence& q = sequences[n];
      for (unsigned repeat = 0; repeat < 2; ++repeat) {
        State start = random_state(random);
        adapt_state(start.registers);
        start.registers.r[15] = q.start;
        std::string our_error, their_error;
        const State ours = (repeat ? with_image : without_image).run(start, q.end, our_error);
        const State theirs = oracle.run(start, q.end, 0, their_error);
        std::string difference = compare(ours, theirs);
        if (our_error != their_error)
          difference += "  ours: " + our_error + ", Unicorn: " + their_error + "\n";
        if (!difference.empty()) {
          ++failures;
          ADD_FAILURE() << "seed " << seed() << "\n" << q.text << difference;
        }
        compared += q.count;
      }
    }
  }
  std::cout << "compared " << compared << " instructions, seed " << seed() << "\n";
  EXPECT_GT(compared, 10'000u);
}

INSTANTIATE_TEST_SUITE_P(Part, Sequences, testing::Range(0u, 4u));

TEST(Coverage, EveryRowIsComparedOrExcludedWithAReason) {
  // EveryRow compares kPerRow encodings of each row that the table of exclusions lets through.
  size_t excluded = 0;
  for (const arm::Row& row : arm::decode_table()) excluded += excluded_row(row) != nullptr;
  std::cout << arm::decode_table().size() - excluded << " of " << arm::decode_table().size()
            << " rows compared with Unicorn. Not compared:\n";
  for (const Exclusion& e : exclusions()) {
    static constexpr const char* kScopes[] = {"never", "some encodings", "start state adapted",
                                              "not in sequences"};
    const std::string_view what = e.instruction.empty() ? "every row" : e.instruction;
    std::cout << fmt::format("  {} ({}), {}: {}\n", what, kScopes[static_cast<size_t>(e.scope)], e.section,
                             e.reason);
    EXPECT_FALSE(e.section.empty() || e.reason.empty()) << what;
    size_t named = 0;
    for (const arm::Row& row : arm::decode_table()) named += names(e, row);
    EXPECT_GT(named, 0u) << what << " is not in the decode table";
  }
  EXPECT_LE(excluded, 12u);
}

}  // namespace
}  // namespace xedgesim::isa::test
