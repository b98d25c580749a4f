#include "isa/arm/soft_float.h"

#include <bit>
#include <initializer_list>
#include <utility>

namespace xedgesim::isa::arm::soft_float {
namespace {

using Wide = unsigned __int128;

enum class Kind : uint8_t { zero, finite, infinity, quiet, signaling };

/// value = mantissa * 2^exponent
struct Number {
  Kind kind = Kind::zero;
  bool sign = false;
  int exponent = 0;
  uint64_t mantissa = 0;
};

Number unpack(uint32_t v, Env& env) {
  Number n;
  n.sign = v >> 31;
  const uint32_t exponent = v >> 23 & 0xFF, fraction = v & 0x7FFFFF;
  if (exponent == 0xFF) {
    n.kind = fraction == 0 ? Kind::infinity : fraction >> 22 ? Kind::quiet : Kind::signaling;
  } else if (exponent == 0 && fraction != 0 && env.flush) {
    env.flags |= kIdc;
  } else if (exponent != 0 || fraction != 0) {
    n.kind = Kind::finite;
    n.mantissa = exponent ? fraction | 0x800000 : fraction;
    n.exponent = (exponent ? static_cast<int>(exponent) : 1) - 150;
  }
  return n;
}

bool is_nan(const Number& n) { return n.kind >= Kind::quiet; }
uint32_t signed_zero(bool sign) { return uint32_t{sign} << 31; }
uint32_t infinity(bool sign) { return uint32_t{sign} << 31 | 0x7F800000; }
uint32_t invalid(Env& env) {
  env.flags |= kIoc;
  return kDefaultNan;
}

/// FPProcessNaN.
uint32_t propagate(const Number& n, uint32_t bits, Env& env) {
  if (n.kind == Kind::signaling) env.flags |= kIoc;
  return env.default_nan ? kDefaultNan : bits | 0x400000;
}

/// FPProcessNaNs and FPProcessNaNs3: the first signalling one, else the first quiet one.
template <class... N>
bool process_nans(Env& env, uint32_t& result, const N&... operands) {
  struct Operand {
    const Number* n;
    uint32_t bits;
  };
  const Operand all[] = {Operand{&operands.first, operands.second}...};
  for (Kind k : {Kind::signaling, Kind::quiet})
    for (const Operand& o : all)
      if (o.n->kind == k) {
        result = propagate(*o.n, o.bits, env);
        return true;
      }
  return false;
}

struct Operand {
  Number first;
  uint32_t second;
};
Operand operand(uint32_t bits, Env& env) { return {unpack(bits, env), bits}; }

uint64_t shift_right_jamming(uint64_t v, int n) {
  if (n <= 0) return v;
  if (n > 63) return v != 0;
  return v >> n | ((v & ((uint64_t{1} << n) - 1)) != 0);
}
Wide shift_right_jamming(Wide v, int n) {
  if (n <= 0) return v;
  if (n > 127) return v != 0;
  return v >> n | ((v & ((Wide{1} << n) - 1)) != 0);
}

bool rounds_up(Rounding rounding, bool sign, uint64_t remainder, uint64_t half, bool odd) {
  switch (rounding) {
    case kNearest:
      return remainder > half || (remainder == half && odd);
    case kPlus:
      return remainder != 0 && !sign;
    case kMinus:
      return remainder != 0 && sign;
    default:
      return false;
  }
}

/// FPRound for a format with `fraction` fraction and `width` exponent bits. Bit 0 of the mantissa may be
/// sticky when at least two more bits than the format needs are there.
uint32_t round_pack(bool sign, int exponent, uint64_t mantissa, unsigned fraction, unsigned width, Env& env,
                    bool alternative = false) {
  const int bias = (1 << (width - 1)) - 1;
  const uint32_t sign_bit = uint32_t{sign} << (fraction + width);
  if (mantissa == 0) return sign_bit;
  const int shift = std::countl_zero(mantissa) - 1;
  mantissa <<= shift;  // leading one at bit 62
  int biased = exponent - shift + 62 + bias;
  const bool tiny = biased < 1;
  if (tiny && env.flush && width == 8) {
    env.flags |= kUfc;
    return sign_bit;
  }
  const unsigned drop = 62 - fraction;
  if (tiny) {
    mantissa = shift_right_jamming(mantissa, 1 - biased);
    biased = 1;
  }
  const uint64_t remainder = mantissa & ((uint64_t{1} << drop) - 1);
  uint64_t kept = mantissa >> drop;
  if (tiny && remainder) env.flags |= kUfc;
  if (rounds_up(env.rounding, sign, remainder, uint64_t{1} << (drop - 1), kept & 1)) ++kept;
  if (kept >> (fraction + 1)) {
    kept >>= 1;
    ++biased;
  }
  if (!(kept >> fraction)) biased = 0;  // still denormal
  const int top = (1 << width) - 1;
  const uint32_t largest = (static_cast<uint32_t>(top) << fraction) - 1;
  if (alternative) {
    if (biased > top) {
      env.flags |= kIoc;
      return sign_bit | 0x7FFF;
    }
  } else if (biased >= top) {
    env.flags |= kOfc | kIxc;
    const bool to_infinity = env.rounding == kNearest || env.rounding == (sign ? kMinus : kPlus);
    return sign_bit | (to_infinity ? static_cast<uint32_t>(top) << fraction : largest);
  }
  if (remainder) env.flags |= kIxc;
  return sign_bit | static_cast<uint32_t>(biased) << fraction |
         (static_cast<uint32_t>(kept) & ((1u << fraction) - 1));
}

uint32_t round_single(bool sign, int exponent, uint64_t mantissa, Env& env) {
  return round_pack(sign, exponent, mantissa, 23, 8, env);
}

bool exact_zero_sign(bool a, bool b, const Env& env) { return a == b ? a : env.rounding == kMinus; }

/// Sum of two finite or zero numbers, exact up to a sticky bit.
uint32_t add_finite(const Number& a, bool a_sign, Wide a_mantissa, int a_exponent, const Number& b,
                    Env& env) {
  (void)a;
  Wide x = a_mantissa, y = b.mantissa;
  int ex = a_exponent, ey = b.exponent;
  bool sx = a_sign, sy = b.sign;
  if (x == 0 && y == 0) return signed_zero(exact_zero_sign(sx, sy, env));
  const auto normalize = [](Wide& v, int& e) {
    if (v == 0) return;
    const auto high = static_cast<uint64_t>(v >> 64);
    const int zeros = high ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<uint64_t>(v));
    v <<= zeros - 2;  // leading one at bit 125: room for the carry
    e -= zeros - 2;
  };
  normalize(x, ex);
  normalize(y, ey);
  if (x == 0) ex = ey;
  if (y == 0) ey = ex;
  if (ex < ey) {
    std::swap(x, y);
    std::swap(ex, ey);
    std::swap(sx, sy);
  }
  y = shift_right_jamming(y, ex - ey);
  if (sx == sy) {
    x += y;
  } else if (x > y) {
    x -= y;
  } else if (y > x) {
    x = y - x;
    sx = sy;
  } else {
    return signed_zero(exact_zero_sign(sx, sy, env));
  }
  x = shift_right_jamming(x, 64);
  return round_single(sx, ex + 64, static_cast<uint64_t>(x), env);
}

uint64_t integer_square_root(uint64_t v) {
  uint64_t result = 0;
  for (uint64_t bit = uint64_t{1} << 31; bit; bit >>= 1)
    if ((result + bit) * (result + bit) <= v) result += bit;
  return result;
}

}  // namespace

uint32_t add(uint32_t a, uint32_t b, Env& env) {
  const Operand x = operand(a, env), y = operand(b, env);
  uint32_t result;
  if (process_nans(env, result, x, y)) return result;
  const Number &n = x.first, &m = y.first;
  if (n.kind == Kind::infinity && m.kind == Kind::infinity)
    return n.sign == m.sign ? infinity(n.sign) : invalid(env);
  if (n.kind == Kind::infinity) return infinity(n.sign);
  if (m.kind == Kind::infinity) return infinity(m.sign);
  return add_finite(n, n.sign, n.mantissa, n.exponent, m, env);
}

uint32_t subtract(uint32_t a, uint32_t b, Env& env) { return add(a, is_nan(b) ? b : b ^ 0x80000000, env); }

uint32_t multiply(uint32_t a, uint32_t b, Env& env) {
  const Operand x = operand(a, env), y = operand(b, env);
  uint32_t result;
  if (process_nans(env, result, x, y)) return result;
  const Number &n = x.first, &m = y.first;
  const bool sign = n.sign != m.sign;
  if (n.kind == Kind::infinity || m.kind == Kind::infinity)
    return n.kind == Kind::zero || m.kind == Kind::zero ? invalid(env) : infinity(sign);
  if (n.kind == Kind::zero || m.kind == Kind::zero) return signed_zero(sign);
  return round_single(sign, n.exponent + m.exponent, n.mantissa * m.mantissa, env);
}

uint32_t divide(uint32_t a, uint32_t b, Env& env) {
  const Operand x = operand(a, env), y = operand(b, env);
  uint32_t result;
  if (process_nans(env, result, x, y)) return result;
  const Number &n = x.first, &m = y.first;
  const bool sign = n.sign != m.sign;
  if (n.kind == m.kind && n.kind != Kind::finite) return invalid(env);
  if (n.kind == Kind::infinity) return infinity(sign);
  if (m.kind == Kind::zero) {
    env.flags |= kDzc;
    return infinity(sign);
  }
  if (n.kind == Kind::zero || m.kind == Kind::infinity) return signed_zero(sign);
  // The dividend gets its leading one at bit 62, the divisor has at most 24 bits: 38 quotient bits or more.
  const int shift = std::countl_zero(n.mantissa) - 1;
  const uint64_t dividend = n.mantissa << shift;
  const uint64_t quotient = dividend / m.mantissa;
  const bool sticky = dividend % m.mantissa != 0;
  return round_single(sign, n.exponent - shift - m.exponent, quotient | sticky, env);
}

uint32_t square_root(uint32_t a, Env& env) {
  const Operand x = operand(a, env);
  uint32_t result;
  if (process_nans(env, result, x)) return result;
  const Number& n = x.first;
  if (n.kind == Kind::zero) return signed_zero(n.sign);
  if (n.sign) return invalid(env);
  if (n.kind == Kind::infinity) return infinity(false);
  int shift = std::countl_zero(n.mantissa) - 1;
  if ((n.exponent - shift) & 1) --shift;
  const uint64_t v = n.mantissa << shift;
  const uint64_t root = integer_square_root(v);  // 31 bits
  const bool sticky = root * root != v;
  return round_single(false, (n.exponent - shift) / 2 - 1, root << 1 | sticky, env);
}

uint32_t fused_multiply_add(uint32_t addend, uint32_t a, uint32_t b, Env& env) {
  const Operand c = operand(addend, env), x = operand(a, env), y = operand(b, env);
  const Number &n = x.first, &m = y.first, &d = c.first;
  const bool infinity_times_zero = (n.kind == Kind::infinity && m.kind == Kind::zero) ||
                                   (n.kind == Kind::zero && m.kind == Kind::infinity);
  if (d.kind == Kind::quiet && infinity_times_zero) return invalid(env);
  uint32_t result;
  if (process_nans(env, result, c, x, y)) return result;
  const bool sign = n.sign != m.sign;
  const bool infinite_product = n.kind == Kind::infinity || m.kind == Kind::infinity;
  if (infinity_times_zero || (infinite_product && d.kind == Kind::infinity && d.sign != sign))
    return invalid(env);
  if (infinite_product) return infinity(sign);
  if (d.kind == Kind::infinity) return infinity(d.sign);
  return add_finite(n, sign, Wide{n.mantissa} * m.mantissa, n.exponent + m.exponent, d, env);
}

uint32_t compare(uint32_t a, uint32_t b, bool quiet_nan_signals, Env& env) {
  const Number n = unpack(a, env), m = unpack(b, env);
  if (is_nan(n) || is_nan(m)) {
    if (n.kind == Kind::signaling || m.kind == Kind::signaling || quiet_nan_signals) env.flags |= kIoc;
    return 0x30000000;
  }
  const auto order = [](const Number& v, uint32_t bits) {
    const auto magnitude = v.kind == Kind::zero ? 0 : static_cast<int64_t>(bits & 0x7FFFFFFF);
    return v.sign ? -magnitude : magnitude;
  };
  const int64_t x = order(n, a), y = order(m, b);
  return x == y ? 0x60000000 : x < y ? 0x80000000 : 0x20000000;
}

uint32_t to_fixed(uint32_t a, unsigned fraction_bits, bool is_signed, unsigned width, Rounding rounding,
                  Env& env) {
  const Number n = unpack(a, env);
  if (is_nan(n)) {
    env.flags |= kIoc;
    return 0;
  }
  const int64_t top = is_signed ? (int64_t{1} << (width - 1)) - 1 : (int64_t{1} << width) - 1;
  const int64_t bottom = is_signed ? -top - 1 : 0;
  if (n.kind == Kind::zero) return 0;
  const int exponent = n.exponent + static_cast<int>(fraction_bits);
  bool saturated = n.kind == Kind::infinity || exponent > 16;
  int64_t value = 0;
  bool inexact = false;
  if (!saturated) {
    // 24 mantissa bits and 30 below the point, the lowest sticky
    const uint64_t scaled =
        exponent >= 0 ? n.mantissa << (exponent + 22) : shift_right_jamming(n.mantissa << 22, -exponent);
    const uint64_t remainder = scaled & ((1u << 22) - 1);
    uint64_t whole = scaled >> 22;
    inexact = remainder != 0;
    if (rounds_up(rounding, n.sign, remainder, 1u << 21, whole & 1)) ++whole;
    value = n.sign ? -static_cast<int64_t>(whole) : static_cast<int64_t>(whole);
    saturated = value > top || value < bottom;
  }
  if (saturated) {
    env.flags |= kIoc;
    value = n.sign ? bottom : top;
  } else if (inexact) {
    env.flags |= kIxc;
  }
  return static_cast<uint32_t>(value);
}

uint32_t from_fixed(uint32_t value, unsigned fraction_bits, bool is_signed, Rounding rounding, Env& env) {
  const int64_t v = is_signed ? int64_t{static_cast<int32_t>(value)} : int64_t{value};
  if (v == 0) return 0;
  Env own = env;
  own.rounding = rounding;
  const uint32_t result =
      round_single(v < 0, -static_cast<int>(fraction_bits), static_cast<uint64_t>(v < 0 ? -v : v), own);
  env.flags = own.flags;
  return result;
}

uint32_t from_half(uint16_t half, Env& env) {
  const bool sign = half >> 15;
  const uint32_t exponent = half >> 10 & 31, fraction = half & 0x3FF;
  if (exponent == 31 && !env.alternative_half) {
    if (fraction == 0) return infinity(sign);
    if (!(fraction >> 9)) env.flags |= kIoc;
    return env.default_nan ? kDefaultNan : uint32_t{sign} << 31 | 0x7FC00000 | fraction << 13;
  }
  const uint64_t mantissa = exponent ? fraction | 0x400 : fraction;
  return round_single(sign, (exponent ? static_cast<int>(exponent) : 1) - 25, mantissa, env);
}

uint16_t to_half(uint32_t a, Env& env) {
  const Number n = unpack(a, env);
  const uint16_t sign = n.sign ? 0x8000 : 0;
  if (is_nan(n)) {
    if (n.kind == Kind::signaling || env.alternative_half) env.flags |= kIoc;
    if (env.alternative_half) return sign;
    return env.default_nan ? 0x7E00 : static_cast<uint16_t>(sign | 0x7E00 | (a >> 13 & 0x1FF));
  }
  if (n.kind == Kind::infinity) {
    if (!env.alternative_half) return sign | 0x7C00;
    env.flags |= kIoc;
    return sign | 0x7FFF;
  }
  return static_cast<uint16_t>(round_pack(n.sign, n.exponent, n.mantissa, 10, 5, env, env.alternative_half));
}

}  // namespace xedgesim::isa::arm::soft_float
