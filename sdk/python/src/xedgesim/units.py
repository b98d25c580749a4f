"""Quantities as scenarios write them."""

from __future__ import annotations

import re
from typing import Union

_FACTORS = {
    "": 1.0,
    "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0,
    "Hz": 1.0, "kHz": 1e3, "MHz": 1e6,
    "B": 1.0, "KiB": 1024.0, "MiB": 1024.0 ** 2,
    "dBm": 1.0, "dB": 1.0, "m": 1.0, "V": 1.0, "mV": 1e-3, "ppm": 1.0, "%": 0.01,
}
_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z%]*)\s*")


def quantity(value: Union[str, int, float]) -> float:
    """The number behind "1s", "500ms", "1kHz", "64B" or "0dBm": seconds, hertz, bytes, dBm. Numbers stay as they are."""
    if isinstance(value, (int, float)):
        return float(value)
    match = _QUANTITY.fullmatch(value)
    if match is None or match.group(2) not in _FACTORS:
        raise ValueError(f"not a quantity: {value!r}")
    return float(match.group(1)) * _FACTORS[match.group(2)]
