#!/usr/bin/env python3
"""Figures of the radio and of behavioural nodes as JSON lines: growth with N, and the star of the ns-3 comparison, beside
ns-3 itself in the same run where build/release/lrwpan_star was built.

    bench/net_radio/bench.py PROGRAM FOLDER [--long]

--long: scale-1000 and scale-10000 for their whole 300 s."""

import json
import math
import os
import random
import subprocess
import sys

PROGRAM, FOLDER = sys.argv[1], sys.argv[2]
LONG = "--long" in sys.argv
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def figure(metric: str, value: float, unit: str) -> None:
    print(json.dumps({"bench": "net", "metric": metric, "value": value, "unit": unit}), flush=True)


def run(name: str, scenario: str, *settings: str) -> dict:
    output = os.path.join(FOLDER, name)
    command = [PROGRAM, "run", os.path.join(ROOT, "scenarios", scenario), "-q", "--output", output]
    for s in settings:
        command += ["--set", s]
    subprocess.run(command, stdout=sys.stderr, check=False)
    with open(os.path.join(output, "summary.json"), encoding="utf-8") as file:
        return json.load(file)


def growth() -> None:
    """Behavioural nodes alone, one report a second each; the fixed cost is that of a run of 1 s."""
    for n, scenario, seconds in (
        (10, "scale-100", 300),
        (100, "scale-100", 100),
        (1000, "scale-1000", 31),
        (10000, "scale-10000", 11),
    ):
        only = ["devices[0].type=model", "devices[0].model=vibration_sensor", f"devices[1].count={max(1, n - 10)}"]
        first = run(f"g{n}a", f"{scenario}/scenario.yaml", *only, "scenario.duration=1s")
        whole = run(f"g{n}b", f"{scenario}/scenario.yaml", *only, f"scenario.duration={seconds}s")
        cpu = whole["host"]["cpu_time_s"] - first["host"]["cpu_time_s"]
        events = whole["host"]["events"] - first["host"]["events"]
        figure(f"growth_cpu_per_simulated_s.n{n}", cpu / (seconds - 1), "CPU s")
        figure(f"growth_cpu_per_report.n{n}", 1e6 * cpu / max(1, whole["summary"]["total_packets_sent"]), "CPU us")
        figure(f"events_per_cpu_s.n{n}", events / cpu if cpu > 0 else math.nan, "1/s")
        figure(f"peak_memory.n{n}", whole["host"]["peak_memory_bytes"] / 2**20, "MiB")


def positions(n: int) -> str:
    """The n grid points nearest the gateway, 10 m apart, with phases of our own."""
    rng = random.Random(n)
    points = sorted((x * x + y * y, y, x) for x in range(-30, 31) for y in range(-30, 31) if x or y)[:n]
    path = os.path.join(FOLDER, f"star_n{n}.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("device,x_m,y_m,phase_s\n")
        for i, (_, y, x) in enumerate(points):
            file.write(f"{i},{10 * x},{10 * y},{rng.random():.9f}\n")
    return path


def star() -> None:
    """Both sides: user and system time of the whole process, less that of the same process that builds the same star and
    sends nothing, by second of traffic. The same positions, phases and frames; ns-3 counts deliveries and latencies,
    xedgesim does that and hashes all it delivers, records and writes its results."""
    reference = os.path.join(os.path.dirname(PROGRAM), "lrwpan_star")
    for n, seconds, reference_seconds in ((20, 3000, 300), (100, 600, 60), (300, 100, 10)):
        path = positions(n)

        def here(reports: int) -> float:
            summary = run(f"s{n}_{reports}", "reference/ns3-star.yaml", f"devices[0].placement.positions={path}",
                          f"devices[0].config.report_count={reports}", f"scenario.duration={reports + 3}s",
                          "validation.assertions=[]")
            return summary["host"]["cpu_time_s"]

        def there(reports: int) -> float:
            command = [reference, path, "3", "64", str(reports)]
            return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["cpu_s"]

        cpu = (here(seconds) - here(0)) / seconds
        figure(f"star_cpu_per_simulated_s.n{n}", cpu, "CPU s")
        if not os.path.exists(reference):
            continue
        other = (there(reference_seconds) - there(0)) / reference_seconds
        figure(f"star_ns3_cpu_per_simulated_s.n{n}", other, "CPU s")
        figure(f"star_ratio_to_ns3.n{n}", other / cpu, "x")


def long_runs() -> None:
    for n in (1000, 10000):
        summary = run(f"scale{n}", f"scale-{n}/scenario.yaml")
        figure(f"scale_{n}_300s", summary["host"]["cpu_time_s"], "CPU s")
        figure(f"scale_{n}_peak_memory", summary["host"]["peak_memory_bytes"] / 2**20, "MiB")
        figure(f"scale_{n}_delivery", summary["summary"]["packet_delivery_rate"], "")


growth()
star()
if LONG:
    long_runs()
