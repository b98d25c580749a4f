#!/usr/bin/python3
"""Trains the bearing classifier and writes anomaly_detector.onnx, anomaly_detector_int8.onnx and metrics.json.

Needs Debian's python3-torch and python3-onnx, and the data set tool:
    cmake --build --preset release --target vibration_dataset
    models/vibration/train.py build/release/vibration_dataset
Every random choice is seeded. Devices of the held-back set (another seed) are never seen in training.
"""
import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
CLASSES = ["healthy", "inner_race", "outer_race", "ball"]
TRAIN = {"seed": 1001, "devices": 240, "windows_per_device": 100}
HELD_BACK = {"seed": 2002, "devices": 40, "windows_per_device": 100}
CALIBRATION_DEVICES = 40  # of the training set: choose the epoch, set the int8 ranges; not trained on
LAYERS = [16, 32, 16, 4]
SEED, EPOCHS, BATCH, RATE = 1, 40, 128, 2e-3
PERCENTILE = 99.99  # of the activations, to set the int8 ranges


def windows(tool, spec):
    command = [tool] + [str(spec[k]) for k in ("seed", "devices", "windows_per_device")]
    table = np.frombuffer(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout, "<i2").reshape(-1, 19)
    return {"device": table[:, 0], "label": table[:, 1].astype(np.int64), "mixed": table[:, 2] != 0,
            "features": (table[:, 3:] / 256.0).astype(np.float32)}


def select(data, keep):
    return {k: v[keep] for k, v in data.items()}


def train(data, check):
    """Weights and biases of the dense layers, after the epoch that did best on `check`."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    parts = []
    for i, o in zip(LAYERS, LAYERS[1:]):
        parts += [torch.nn.Linear(i, o), torch.nn.ReLU()]
    model = torch.nn.Sequential(*parts[:-1])
    optimizer = torch.optim.Adam(model.parameters(), RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    x, y = torch.from_numpy(data["features"]), torch.from_numpy(data["label"])
    best, kept = -1.0, None
    for _ in range(EPOCHS):
        order = torch.randperm(len(x))
        for i in range(0, len(x), BATCH):
            batch = order[i:i + BATCH]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
        schedule.step()
        with torch.no_grad():
            guess = model(torch.from_numpy(check["features"])).argmax(1).numpy()
        accuracy = (guess == check["label"]).mean()
        if accuracy > best:
            best = accuracy
            kept = [(m.weight.detach().numpy().copy(), m.bias.detach().numpy().copy()) for m in model[::2]]
    return kept


def normalise(x, mean, scale):
    return (x - mean) * scale


def forward(x, layers):
    """Activations after every layer; the last are the logits."""
    out = []
    for i, (w, b) in enumerate(layers):
        x = x @ w.T + b
        if i + 1 < len(layers):
            x = np.maximum(x, 0)
        out.append(x)
    return out


def affine(low, high):
    """Scale and zero point of int8 for [low, high], which is widened to hold 0."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32((high - low) / 255)
    return scale, np.int8(np.clip(np.rint(-128 - low / scale), -128, 127))


def quantize(x, scale, zero):
    return np.clip(np.rint(x / scale) + int(zero), -128, 127).astype(np.int8)


def quantize_model(layers, x):
    """Static quantisation: int8 weights (symmetric) and activations (affine), int32 biases."""
    acts = [x] + forward(x, layers)
    tails = lambda a: (np.percentile(a, 100 - PERCENTILE), np.percentile(a, PERCENTILE))
    ranges = [affine(*tails(a)) for a in acts]
    # A zero point of -128 after a ReLU makes the ReLU itself the clipping to int8.
    assert all(zero == -128 for _, zero in ranges[1:-1])
    dense = []
    for (w, b), (scale, _) in zip(layers, ranges):
        w_scale = np.float32(np.abs(w).max() / 127)
        b_scale = np.float32(scale * w_scale)
        dense.append((quantize(w, w_scale, 0), w_scale, np.rint(b / b_scale).astype(np.int32), b_scale))
    return ranges, dense


def run_int8(x, ranges, dense):
    """The int8 model in integers: what every runtime has to give."""
    q = quantize(x, *ranges[0])
    for (w, w_scale, b, _), (scale, zero), (next_scale, next_zero) in zip(dense, ranges, ranges[1:]):
        total = (q.astype(np.int32) - int(zero)) @ w.T.astype(np.int32) + b
        multiplier = np.float32(scale * w_scale) / next_scale
        q = np.clip(np.rint(total.astype(np.float32) * multiplier) + int(next_zero), -128, 127).astype(np.int8)
    return q


def save(name, nodes, constants, doc):
    vector = lambda n, size: helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, size])
    graph = helper.make_graph(nodes, name, [vector("features", LAYERS[0])], [vector("logits", LAYERS[-1])],
                              [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    model = helper.make_model(graph, producer_name="xedgesim", doc_string=doc, ir_version=8,
                              opset_imports=[helper.make_opsetid("", 13)])
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(HERE / f"{name}.onnx"))


def save_float(layers, mean, scale):
    node = helper.make_node
    nodes = [node("Sub", ["features", "mean"], ["centred"]), node("Mul", ["centred", "scale"], ["x0"])]
    constants = {"mean": mean, "scale": scale}
    for i, (w, b) in enumerate(layers, 1):
        last = i == len(layers)
        constants |= {f"w{i}": w, f"b{i}": b}
        nodes.append(node("Gemm", [f"x{i - 1}", f"w{i}", f"b{i}"], ["logits" if last else f"y{i}"], transB=1))
        if not last:
            nodes.append(node("Relu", [f"y{i}"], [f"x{i}"]))
    save("anomaly_detector", nodes, constants, "Bearing state from 16 vibration features")


def save_int8(ranges, dense, mean, scale):
    node = helper.make_node
    nodes = [node("Sub", ["features", "mean"], ["centred"]), node("Mul", ["centred", "scale"], ["x0"])]
    constants = {"mean": mean, "scale": scale}

    def through_int8(value, i, result):
        constants.update({f"x{i}_scale": ranges[i][0], f"x{i}_zero": ranges[i][1]})
        nodes.append(node("QuantizeLinear", [value, f"x{i}_scale", f"x{i}_zero"], [f"x{i}_q"]))
        nodes.append(node("DequantizeLinear", [f"x{i}_q", f"x{i}_scale", f"x{i}_zero"], [result]))

    through_int8("x0", 0, "x0_dq")
    for i, (w, w_scale, b, b_scale) in enumerate(dense, 1):
        last = i == len(dense)
        constants |= {f"w{i}_q": w, f"w{i}_scale": w_scale, f"w{i}_zero": np.int8(0),
                      f"b{i}_q": b, f"b{i}_scale": b_scale, f"b{i}_zero": np.int32(0)}
        nodes.append(node("DequantizeLinear", [f"w{i}_q", f"w{i}_scale", f"w{i}_zero"], [f"w{i}"]))
        nodes.append(node("DequantizeLinear", [f"b{i}_q", f"b{i}_scale", f"b{i}_zero"], [f"b{i}"]))
        nodes.append(node("Gemm", [f"x{i - 1}_dq", f"w{i}", f"b{i}"], [f"y{i}"], transB=1))
        if not last:
            nodes.append(node("Relu", [f"y{i}"], [f"x{i}"]))
        through_int8(f"y{i}" if last else f"x{i}", i, "logits" if last else f"x{i}_dq")
    save("anomaly_detector_int8", nodes, constants, "Bearing state from 16 vibration features, int8")


def score(guess, data):
    right = guess == data["label"]
    confusion = np.zeros((len(CLASSES), len(CLASSES)), int)
    np.add.at(confusion, (data["label"], guess), 1)
    return {"accuracy": round(float(right.mean()), 5),
            "accuracy_unmixed": round(float(right[~data["mixed"]].mean()), 5),
            "recall": {c: round(float(confusion[i, i] / confusion[i].sum()), 4) for i, c in enumerate(CLASSES)},
            "precision": {c: round(float(confusion[i, i] / confusion[:, i].sum()), 4) for i, c in enumerate(CLASSES)},
            "confusion_rows_true": confusion.tolist()}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    everything = windows(sys.argv[1], TRAIN)
    clean = select(everything, ~everything["mixed"])
    edge = TRAIN["devices"] - CALIBRATION_DEVICES
    data, check = select(clean, clean["device"] < edge), select(clean, clean["device"] >= edge)
    held_back = windows(sys.argv[1], HELD_BACK)

    mean = data["features"].mean(0).astype(np.float32)
    scale = (1 / data["features"].std(0)).astype(np.float32)
    for part in (data, check, held_back):
        part["features"] = normalise(part["features"], mean, scale)
    layers = train(data, check)
    ranges, dense = quantize_model(layers, check["features"])
    save_float(layers, mean, scale)
    save_int8(ranges, dense, mean, scale)

    metrics = {
        "task": "state of a bearing from one second of vibration at 1 kHz (16 features in Q8.8)",
        "classes": CLASSES,
        "made_by": {"script": "models/vibration/train.py", "seed": SEED, "torch": torch.__version__,
                    "onnx": onnx.__version__, "numpy": np.__version__},
        "data": {"train": {**TRAIN, "devices_held_for_calibration": CALIBRATION_DEVICES,
                           "windows_trained_on": len(data["label"])},
                 "held_back": {**HELD_BACK, "windows": len(held_back["label"]),
                               "mixed_windows": int(held_back["mixed"].sum())}},
        "macs": sum(i * o for i, o in zip(LAYERS, LAYERS[1:])),
        "held_back": {
            "anomaly_detector.onnx": score(forward(held_back["features"], layers)[-1].argmax(1), held_back),
            "anomaly_detector_int8.onnx": score(run_int8(held_back["features"], ranges, dense).argmax(1), held_back)},
    }
    (HERE / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    for name, result in metrics["held_back"].items():
        print(f"{name}: {100 * result['accuracy']:.2f} % of {len(held_back['label'])} held-back windows")


main()
