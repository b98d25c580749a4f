#!/usr/bin/python3
"""Writes the digits' model for a board: it takes the volts of the sensor's output instead of the data set's units.

    models/digits/volts.py build/release/xedgesim

A pixel of 0 to 16 units comes as 0 to 1.6 V (the scenario's `scale: 100mV`), so the model's first factor is ten times that of
digits.onnx; all weights are the same, and so are the int8 codes behind it. Makes digits_volts.onnx, digits_volts_int8.onnx and
digits_volts_int8.tflite. Needs Debian's python3-onnx.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
VOLTS_PER_UNIT = 0.1


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    model = onnx.load(str(HERE / "digits.onnx"))
    factor = model.graph.node[0]
    assert factor.op_type == "Constant" and model.graph.node[1].op_type == "Mul"
    value = numpy_helper.to_array(factor.attribute[0].t) / np.float32(VOLTS_PER_UNIT)
    factor.attribute[0].t.CopyFrom(numpy_helper.from_array(np.asarray(value, np.float32)))
    onnx.save(model, str(HERE / "digits_volts.onnx"))
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "calibration.csv"
        lines = (HERE / "calibration.csv").read_text().splitlines()
        rows = [lines[0]]
        for line in lines[1:]:
            *pixels, label = line.split(",")
            rows.append(",".join(f"{float(p) * VOLTS_PER_UNIT:.9g}" for p in pixels) + f",{label}")
        table.write_text("\n".join(rows) + "\n")
        subprocess.run([sys.argv[1], "model", "quantize", str(HERE / "digits_volts.onnx"), "--data", str(table),
                        "--output", str(HERE / "digits_volts")], check=True)


if __name__ == "__main__":
    main()
