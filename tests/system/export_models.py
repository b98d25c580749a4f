#!/usr/bin/python3
"""Writes ONNX files as users of PyTorch would, with data for them, into the folder that is its argument."""
import csv
import sys
import warnings
from pathlib import Path

import torch
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(1)
folder = Path(sys.argv[1])


class Spectrogram(nn.Module):
    """Convolution, batch normalisation, depthwise and pointwise convolution, pools of both kinds."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.ReLU6(), nn.Conv2d(8, 16, 1), nn.ReLU(), nn.AvgPool2d(2))
        self.head = nn.Linear(16 * 3 * 2, 4)

    def forward(self, x):
        return self.head(self.body(x).flatten(1))


class Signal(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(1, 4, 5, stride=2), nn.ReLU(), nn.MaxPool1d(2))
        self.head = nn.Linear(4 * 15, 3)

    def forward(self, x):
        return torch.softmax(self.head(self.body(x).flatten(1)), -1)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        x = torch.relu(self.a(x))
        return self.head(torch.relu(x + self.b(x)).mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.LSTM(4, 8, batch_first=True), nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, -1])


def export(model, name, *shape, **more):
    model.eval()
    torch.onnx.export(model, torch.randn(*shape), str(folder / (name + ".onnx")), opset_version=13,
                      input_names=["input"], output_names=["scores"], **more)


def data(model, name, *shape):
    model.eval()
    with open(folder / (name + ".csv"), "w", newline="") as f:
        rows = csv.writer(f)
        inputs = torch.randn(120, *shape[1:])
        count = inputs[0].numel()
        rows.writerow([f"x{i}" for i in range(count)] + ["label"])
        with torch.no_grad():
            for x in inputs:
                label = int(model(x.unsqueeze(0)).argmax())
                rows.writerow([f"{v:.6g}" for v in x.flatten().tolist()] + [label])


for network, name, shape in ((Spectrogram(), "spectrogram", (1, 1, 12, 8)), (Signal(), "signal", (1, 1, 64)),
                             (Residual(), "residual", (1, 1, 8, 8))):
    export(network, name, *shape)
    data(network, name, *shape)
export(Recurrent(), "recurrent", 1, 5, 4)
export(nn.Sequential(nn.Linear(8, 4), nn.Sigmoid()), "sigmoid", 1, 8)
export(nn.Sequential(nn.Conv2d(4, 8, 3, groups=2), nn.Flatten(), nn.Linear(32, 2)), "grouped", 1, 4, 4, 4)
export(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), "free_size", 1, 1, 8, 8,
       dynamic_axes={"input": {2: "height", 3: "width"}})
