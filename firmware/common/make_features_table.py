#!/usr/bin/env python3
"""Writes features_table.h: sin(2 pi i / 256) for one and a quarter turns, in single precision."""
import math
import struct

print("/* Written by make_features_table.py: sin(2 pi i / 256), i = 0..319. */")
print("static const float kSine[320] = {")
values = [struct.unpack("f", struct.pack("f", math.sin(2 * math.pi * (i % 256) / 256)))[0] for i in range(320)]
for i, v in enumerate(values):
    if i % 128 == 0:
        values[i] = 0.0
for row in range(0, 320, 8):
    print("    " + ", ".join(f"{v:.9g}f" if "." in f"{v:.9g}" or "e" in f"{v:.9g}" else f"{v:.1f}f"
                             for v in values[row:row + 8]) + ",")
print("};")
