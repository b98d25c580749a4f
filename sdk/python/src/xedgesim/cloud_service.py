"""Runs a cloud service of the implementation guide's section 1.4 as the model of an edge or cloud node.

    python3 -m xedgesim.cloud_service [SERVICE.py]

The file has a class CloudMLService(model_path, latency_ms) with infer(features) -> result, or -> (result, milliseconds); a
list of numbers, or a tensor. Without a file the class below is used, which is the guide's. latency_ms is 0: the way to the
cloud is the scenario's. What the service sleeps is simulated time: `time` in its module is a clock that only
moves when it sleeps, so that the run is as repeatable as the model.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import time as host_time
import types
from typing import Any, List, Optional

from .protocol import Message, ProtocolError, converse

PROTOCOL = "xedgesim-inference"
VERSION = 1


class VirtualTime(types.ModuleType):
    """Stands in for the module `time`: it shows the simulation's time, and sleeping moves it."""

    def __init__(self) -> None:
        super().__init__("time")
        self._now_ns = 0

    def time_ns(self) -> int:
        return self._now_ns

    monotonic_ns = perf_counter_ns = process_time_ns = time_ns

    def time(self) -> float:
        return self._now_ns / 1e9

    monotonic = perf_counter = process_time = time

    def sleep(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self._now_ns += round(seconds * 1e9)

    def __getattr__(self, name: str) -> Any:
        return getattr(host_time, name)  # strftime and the like


class CloudMLService:
    """The guide's mock service: a model saved by PyTorch (a TorchScript archive, or a pickled module)."""

    def __init__(self, model_path: str, latency_ms: float) -> None:
        import torch

        self._torch = torch
        try:
            self.model = torch.jit.load(model_path)
        except RuntimeError:
            self.model = torch.load(model_path)
        self.model.eval()
        self.latency_ms = latency_ms

    def infer(self, features: List[float]) -> Any:
        with self._torch.no_grad():
            return self.model(self._torch.tensor([features]))

    def macs(self) -> Optional[int]:
        """Of models that have dense layers only: one multiplication a weight."""
        weights = [p for p in self.model.parameters() if p.dim() >= 2]
        if not weights or any(p.dim() > 2 for p in weights):
            return None
        return sum(p.numel() for p in weights)


def load(path: str, clock: VirtualTime) -> Any:
    """The class CloudMLService of a file, with our clock in place of `time`."""
    spec = importlib.util.spec_from_file_location("cloud_service", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in list(vars(module).items()):
        if value is host_time:
            setattr(module, name, clock)
        elif getattr(value, "__module__", None) == "time" and hasattr(clock, getattr(value, "__name__", "")):
            setattr(module, name, getattr(clock, value.__name__))  # from time import sleep
    try:
        return module.CloudMLService
    except AttributeError:
        raise SystemExit(f"{path} has no class CloudMLService") from None


def numbers(result: Any) -> List[float]:
    """A tensor, an array or (nested) lists, flat; of a pair (result, milliseconds) the result."""
    if isinstance(result, tuple) and len(result) == 2 and not isinstance(result[0], (int, float)):
        result = result[0]
    if hasattr(result, "tolist"):
        result = result.tolist()
    if isinstance(result, (list, tuple)):
        return [x for item in result for x in numbers(item)]
    return [float(result)]


def seed_everything(seed: int) -> None:
    """One thread and seeded generators: the same request gets the same answer in every run."""
    random.seed(seed)
    for name in ("numpy", "torch"):
        module = sys.modules.get(name)
        if module is None:
            continue
        if name == "numpy":
            module.random.seed(seed % 2**32)
        else:
            module.manual_seed(seed)
            module.set_num_threads(1)


class Server:
    """Answers xedgesim's questions with a service."""

    def __init__(self, service_class: Any, clock: VirtualTime) -> None:
        self._class = service_class
        self._clock = clock
        self._service: Any = None

    def answer(self, message: Message) -> Message:
        kind = message["type"]
        if kind == "INIT":
            return self._init(message)
        if kind == "INFER":
            self._clock._now_ns = message["t_ns"]
            output = numbers(self._service.infer(message["input"]))
            return {"type": "DONE", "output": output, "elapsed_ns": self._clock._now_ns - message["t_ns"]}
        if kind == "SHUTDOWN":
            return {"type": "DONE"}
        raise ProtocolError(f"unknown message {kind}")

    def _init(self, message: Message) -> Message:
        if message.get("protocol") != PROTOCOL or message.get("version") != VERSION:
            raise ProtocolError(
                f"xedgesim speaks {message.get('protocol')} version {message.get('version')}, "
                f"this SDK {PROTOCOL} version {VERSION}"
            )
        seed_everything(message["seed"])
        self._service = self._class(message["model"], 0)
        seed_everything(message["seed"])  # what the service has imported
        answer: Message = {"type": "DONE", "version": VERSION}
        macs = self._service.macs() if callable(getattr(self._service, "macs", None)) else None
        if macs is not None:
            answer["macs"] = macs
        return answer


def serve(server: Server, address: Optional[str] = None) -> None:
    """Answers until xedgesim says SHUTDOWN or is gone."""
    converse(server.answer, address)


def main() -> None:
    if len(sys.argv) > 2:
        raise SystemExit("usage: python3 -m xedgesim.cloud_service [SERVICE.py]")
    clock = VirtualTime()
    serve(Server(load(sys.argv[1], clock) if len(sys.argv) == 2 else CloudMLService, clock))


if __name__ == "__main__":
    main()
