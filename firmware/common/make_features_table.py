#!/usr/bin/env python3
"""Writes features_table.h: a sine, a Hann window and the base-4 digit reversal for 256 points."""
import math
import struct

N = 256


def single(x):
    text = f"{struct.unpack('f', struct.pack('f', x))[0]:.9g}"
    return (text if "." in text or "e" in text else text + ".0") + "f"


def table(kind, name, values, per_row):
    print(f"static const {kind} {name}[{len(values)}] = {{")
    for row in range(0, len(values), per_row):
        print("    " + ", ".join(values[row:row + per_row]) + ",")
    print("};")


def sine(i):
    return 0.0 if i % (N // 2) == 0 else math.sin(2 * math.pi * (i % N) / N)


print("/* Written by make_features_table.py. */\n/* clang-format off */")
print("/* sin(2 pi i / 256) for one and a quarter turns. */")
table("float", "kSine", [single(sine(i)) for i in range(N + N // 4)], 8)
print("/* Periodic Hann window. */")
table("float", "kHann", [single(0.5 - 0.5 * sine(i + N // 4)) for i in range(N)], 8)
print("/* Base-4 digits of 0..255 in reverse. */")
table("uint8_t", "kReversed",
      [str((i & 3) << 6 | (i & 12) << 2 | i >> 2 & 12 | i >> 6) for i in range(N)], 16)
