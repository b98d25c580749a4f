#!/usr/bin/python3
"""Trains a small convolutional network on scikit-learn's digits, as what an 8x8 thermal or vision sensor would see, and
writes digits.onnx, the calibration rows and the held-back rows. Then, with xedgesim built:

    models/digits/train.py
    build/release/xedgesim model quantize models/digits/digits.onnx --data models/digits/calibration.csv
    models/digits/train.py --table build/release/xedgesim     # accuracies into metrics.json

Needs Debian's python3-torch, python3-onnx and python3-sklearn. The data are real: 1,797 handwritten digits of the
UCI repository's "Optical Recognition of Handwritten Digits" test set, as scikit-learn ships them. Every random choice is
seeded; the held-back rows (a quarter, stratified) are never seen in training.
"""
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = pathlib.Path(__file__).resolve().parent
FULL_SCALE = 16.0  # of a pixel
SEED, EPOCHS, BATCH, RATE, CALIBRATION = 1, 60, 64, 2e-3, 200


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(8, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Flatten(), torch.nn.Linear(64, 10))

    def forward(self, x):
        return self.layers(x * (1.0 / FULL_SCALE))


def rows():
    data = load_digits()
    x = data.images.astype(np.float32)[:, None]
    return train_test_split(x, data.target, test_size=0.25, random_state=SEED, stratify=data.target)


def write_csv(name, x, y):
    lines = [",".join(f"p{i}" for i in range(64)) + ",label"]
    lines += [",".join(f"{int(v)}" for v in row.reshape(-1)) + f",{label}" for row, label in zip(x, y)]
    (HERE / name).write_text("\n".join(lines) + "\n")


def train():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    x, held_x, y, held_y = rows()
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), RATE, weight_decay=1e-4)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)
    for _ in range(EPOCHS):
        order = torch.randperm(len(inputs))
        for i in range(0, len(inputs), BATCH):
            batch = order[i:i + BATCH]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(inputs[batch]), labels[batch]).backward()
            optimizer.step()
    net.eval()
    torch.onnx.export(net, torch.zeros(1, 1, 8, 8), str(HERE / "digits.onnx"), opset_version=13,
                      input_names=["pixels"], output_names=["logits"])
    write_csv("calibration.csv", x[:CALIBRATION], y[:CALIBRATION])
    write_csv("held_back.csv", held_x, held_y)
    with torch.no_grad():
        accuracy = (net(torch.from_numpy(held_x)).argmax(1).numpy() == held_y).mean()
    print(f"torch: {100 * accuracy:.2f} % of {len(held_y)} held-back digits")


def table(xedgesim):
    def verify(a, b):
        text = subprocess.run([xedgesim, "model", "verify", str(HERE / a), str(HERE / b), "--json", "--data",
                               str(HERE / "held_back.csv"), "--tolerance", "1e9"], check=True, stdout=subprocess.PIPE).stdout
        return json.loads(text)
    result = verify("digits.onnx", "digits_int8.onnx")
    device = verify("digits_int8.onnx", "digits_int8.tflite")
    metrics = {"task": "handwritten digit from 8x8 pixels", "held_back_rows": result["rows"],
               "held_back": {"digits.onnx": round(result["accuracy_first"], 5),
                             "digits_int8.onnx": round(result["accuracy_second"], 5),
                             "digits_int8.tflite": round(device["accuracy_second"], 5)}}
    (HERE / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(json.dumps(metrics["held_back"]))


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--table":
        table(sys.argv[2])
    elif len(sys.argv) == 1:
        train()
    else:
        sys.exit(__doc__)
