"""What Linux machines on the wall clock get, as JSON lines: wall.py PROGRAM.

Two machines of the image `base`: throughput (iperf3, 5 s) and round trip (100 pings) through our switch, and through
QEMU's own socket from one to the other. Then how long the chassis takes from `up` until all its machines answer.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import guest

PROGRAM = sys.argv[1]
SCENARIO = """scenario: {name: bench}
nodes:
  - {id: left, type: vm, arch: x86_64, memory: 256MiB, image: base, ip: 10.7.0.1}
  - {id: right, type: vm, arch: x86_64, memory: 256MiB, image: base, ip: 10.7.0.2}
switches: [{id: sw, ports: 2}]
links: [{endpoints: ["left:eth0", "sw:1"]}, {endpoints: ["right:eth0", "sw:2"]}]
"""


def figure(metric, value, unit):
    print(json.dumps({"bench": "linux", "metric": metric, "value": round(value, 3), "unit": unit}), flush=True)


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True).stdout


def rtt_ms(text):
    return float(re.search(r"min/avg/max = [0-9.]+/([0-9.]+)/", text)[1])


def mbits(text):
    return float(re.search(r"([0-9.]+) Mbits/sec.*receiver", text)[1])


def image():
    for line in run("image", "list").splitlines():
        name, arch, where = line.split(maxsplit=2)
        if name == "base" and arch == "x86_64" and where != "not built":
            return pathlib.Path(where)
    return None


def through_switch(work):
    (work / "s.yaml").write_text(SCENARIO)
    run("up", "-d", work / "s.yaml")
    try:
        run("exec", "left", "--", "iperf3", "-s", "-D")
        ping = run("exec", "right", "--", "ping", "-c", "100", "-i", "0.02", "left")
        return mbits(run("exec", "right", "--", "iperf3", "-f", "m", "-c", "left", "-t", "5")), rtt_ms(ping)
    finally:
        run("down")


def through_qemu(work, folder):
    """The same guests with nothing of ours between them."""
    machines, log = [], work / "right.log"
    for i, (name, end, commands) in enumerate([
            ("left", "server=on", "iperf3 -s -D\n"),
            ("right", "server=off",
             "until ping -c 1 -W 1 10.7.0.1; do sleep 1; done >/dev/null 2>&1\nping -c 100 -i 0.02 10.7.0.1\n"
             "iperf3 -f m -c 10.7.0.1 -t 5\n")]):
        initrd = work / f"{name}.initrd"
        initrd.write_bytes(guest.initrd(folder, name, f"10.7.0.{i + 1}/24", commands))
        machines.append(subprocess.Popen(
            ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot", "-M", "q35", "-cpu", "qemu64", "-m", "256",
             "-netdev", f"stream,id=n,{end},addr.type=unix,addr.path={work}/wire", "-device",
             f"virtio-net-pci,netdev=n,mac=52:54:00:00:00:0{i + 1},romfile=", "-serial", f"file:{work}/{name}.log",
             "-kernel", folder / "kernel", "-initrd", initrd,
             "-append", "console=ttyS0 panic=-1 quiet cryptomgr.notests"]))
        time.sleep(1)
    try:
        end = time.monotonic() + 180
        while "commands done" not in log.read_text(errors="replace"):
            if time.monotonic() > end or any(m.poll() is not None for m in machines):
                sys.exit("bench: the machines did not finish: " + log.read_text(errors="replace")[-500:])
            time.sleep(0.2)
        text = log.read_text(errors="replace")
        return mbits(text), rtt_ms(text)
    finally:
        for m in machines:
            m.kill()
            m.wait()


with tempfile.TemporaryDirectory(prefix="xsb") as folder:
    work = pathlib.Path(folder)
    os.environ["XEDGESIM_STATE"] = str(work / "state")
    base = image()
    if not base:
        sys.exit("bench: no image base for x86_64: xedgesim image build base")
    ours, our_rtt = through_switch(work)
    theirs, their_rtt = through_qemu(work, base)
    figure("wall_throughput", ours, "Mbit/s")
    figure("wall_throughput_qemu_socket", theirs, "Mbit/s")
    figure("wall_throughput_over_qemu_socket", ours / theirs, "ratio")
    figure("wall_rtt", our_rtt, "ms")
    figure("wall_rtt_qemu_socket", their_rtt, "ms")
    begun = time.monotonic()
    up = subprocess.run([PROGRAM, "up", "-d", "scenarios/chassis/scenario.yaml"], capture_output=True, text=True)
    if up.returncode:
        print("bench: the chassis is left out: " + up.stderr.strip(), file=sys.stderr)
    else:
        for node, others in (("chassis", ("compute", "storage")), ("compute", ("chassis", "storage"))):
            for other in others:
                run("exec", node, "--", "ping", "-c", "1", other)
        figure("chassis_up_to_reachable", time.monotonic() - begun, "s")
        run("down")
