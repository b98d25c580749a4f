"""Runs device models of the implementation guide's section 8.3 as nodes of a run.

    python3 -m xedgesim.device_model models/device_model.py

The file has a class DeviceModel(node_id, config) with advance(target_time_us) -> events, and next_report_time_us. A node
is advanced from report to report (its samples in between are made then), so that no time step is needed. A packet
larger than a frame goes out as several frames. Packets carry the model's bytes; energy goes to the results.
"""

from __future__ import annotations

import importlib.util
import random
import sys
from typing import Any, Dict

from .participant import Node, Participant, run
from .units import quantity

FRAME_BYTES = 100
_DEFAULTS: Dict[str, Any] = {"sample_rate": 1000, "report_interval": 1, "packet_size": 64, "tx_power": 0}


def config_of(node: Node) -> Dict[str, Any]:
    """Numbers in Hz, seconds, bytes and dBm, as the model wants them; other keys as they are."""
    config = dict(node.config)
    for key, fallback in _DEFAULTS.items():
        value = quantity(config.get(key, fallback))
        config[key] = int(value) if value == int(value) else value
    return config


class DeviceModelParticipant(Participant):
    def __init__(self, model_class: Any) -> None:
        super().__init__()
        self._class = model_class
        self._models: Dict[str, Any] = {}

    def start(self) -> None:
        random.seed(self.seed)
        for node in self.nodes.values():
            self._models[node.name] = self._class(node.name, config_of(node))
            self._sleep(node)

    def _sleep(self, node: Node) -> None:
        # The addresses of the group are spread over the interval, or all of it would send at one instant.
        model = self._models[node.name]
        offset_ns = self._offset_ns(node)
        node.wake_at(int(model.next_report_time_us * 1000) + offset_ns)

    def _offset_ns(self, node: Node) -> int:
        names = list(self.nodes)
        interval_ns = int(config_of(node)["report_interval"] * 1e9)
        return interval_ns * names.index(node.name) // len(names) if len(names) > 1 else 0

    def wake(self, node: Node, t_ns: int) -> None:
        model = self._models[node.name]
        energy_uj = 0.0
        for event in model.advance(int(model.next_report_time_us)):
            if event["type"] == "energy":
                energy_uj += event["amount_uJ"]
            elif event["type"] == "packet_tx":
                data = bytes(event["data"])
                for begin in range(0, len(data), FRAME_BYTES):
                    node.send(data[begin : begin + FRAME_BYTES])
        node.energy(energy_uj)
        self._sleep(node)


def load(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("device_model", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        return module.DeviceModel
    except AttributeError:
        raise SystemExit(f"{path} has no class DeviceModel") from None


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python3 -m xedgesim.device_model FILE.py")
    run(DeviceModelParticipant(load(sys.argv[1])))


if __name__ == "__main__":
    main()
