#!/usr/bin/python3
"""Writes a trained ONNX model of this folder as TorchScript, with the same weights: models/to_torchscript.py IN.onnx OUT.pt

For the cloud, where libtorch or Python runs it. Needs Debian's python3-torch and python3-onnx
(scripts/setup --with torch). Operators: Sub, Mul, Gemm (transB), Relu, Conv, MaxPool, Flatten.
"""
import sys

import onnx
import torch
from onnx import helper, numpy_helper


def layers_of(graph):
    constants = {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer}
    for node in graph.node:
        a = {x.name: helper.get_attribute_value(x) for x in node.attribute}
        if node.op_type == "Constant":
            constants[node.output[0]] = torch.from_numpy(numpy_helper.to_array(a["value"]).copy())
            continue
        weights = [constants[name] for name in node.input if name in constants]
        if node.op_type in ("Sub", "Mul"):
            yield Elementwise(node.op_type, weights[0])
        elif node.op_type == "Gemm" and a.get("transB") == 1:
            yield dense(*weights)
        elif node.op_type == "Relu":
            yield torch.nn.ReLU()
        elif node.op_type == "Conv" and a["pads"][:2] == a["pads"][2:]:
            yield convolution(a, *weights)
        elif node.op_type == "MaxPool" and not any(a.get("pads", [])):
            yield torch.nn.MaxPool2d(a["kernel_shape"], a["strides"])
        elif node.op_type == "Flatten":
            yield torch.nn.Flatten()
        else:
            sys.exit(f"operator {node.op_type} {a} is not supported")


class Elementwise(torch.nn.Module):
    def __init__(self, kind, value):
        super().__init__()
        self.subtract = kind == "Sub"
        self.register_buffer("value", value)

    def forward(self, x):
        return x - self.value if self.subtract else x * self.value


def dense(weight, bias):
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = torch.nn.Parameter(weight), torch.nn.Parameter(bias)
    return layer


def convolution(a, weight, bias):
    layer = torch.nn.Conv2d(weight.shape[1] * a["group"], weight.shape[0], a["kernel_shape"], a["strides"],
                            a["pads"][:2], a["dilations"], a["group"])
    layer.weight, layer.bias = torch.nn.Parameter(weight), torch.nn.Parameter(bias)
    return layer


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    graph = onnx.load(sys.argv[1]).graph
    shape = [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim]
    model = torch.nn.Sequential(*layers_of(graph)).eval()
    with torch.no_grad():
        torch.jit.save(torch.jit.trace(model, torch.zeros(shape)), sys.argv[2])


if __name__ == "__main__":
    main()
