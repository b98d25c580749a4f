"""What Linux machines in virtual time cost, as JSON lines: bench.py PROGRAM WORK-FOLDER.

CPU seconds of QEMU and xedgesim together, from the start until the machine is up, the least of three: the same kernel,
initial RAM disk, network card and settings booted by QEMU alone (plain TCG, then with -icount, which counts the guest's instructions), and by `xedgesim run`:
from the second time on (the boot's snapshot is taken up), in full with a cable of 1 ms, and in full with a look every millisecond.
What a look costs, from runs with ten times as many. Then what four idle machines cost.
"""
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

import guest

PROGRAM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
# QEMU's machine and the console as src/vm/machine.cpp has them, and what it adds to the kernel's arguments.
MACHINES = {"x86_64": (["-M", "q35,sata=off", "-cpu", "qemu64"], "ttyS0",
                        " noapictimer no_timer_check initcall_blacklist=hpet_late_init,hpet_init"),
            "aarch64": (["-M", "virt", "-cpu", "cortex-a57"], "ttyAMA0", "")}


def figure(metric, value, unit):
    print(json.dumps({"bench": "linux", "metric": metric, "value": round(value, 3), "unit": unit}), flush=True)


def children_cpu():
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return r.ru_utime + r.ru_stime


def image(arch):
    for line in subprocess.run([PROGRAM, "image", "list"], check=True, capture_output=True, text=True).stdout.splitlines():
        name, of, where = line.split(maxsplit=2)
        if name == "base" and of == arch and where != "not built":
            return pathlib.Path(where)
    return None


def boot_alone(arch, folder, more):
    machine, console, arguments = MACHINES[arch]
    log = WORK / "console"
    log.write_text("")
    initrd = WORK / "initrd"
    initrd.write_bytes(guest.initrd(folder, "m0", "10.0.0.1/24"))
    before = children_cpu()
    qemu = subprocess.Popen(
        [f"qemu-system-{arch}", "-nodefaults", "-display", "none", "-no-reboot", *machine, "-m", "256", "-smp", "1",
         "-accel", "tcg", *more, "-serial", f"file:{log}", "-netdev", f"stream,id=n,server=on,addr.type=unix,addr.path={WORK}/wire",
         "-device", "virtio-net-pci,netdev=n,romfile=", "-kernel", folder / "kernel", "-initrd", initrd,
         "-append", f"console={console} panic=-1 quiet cryptomgr.notests{arguments}"])
    while "is up" not in log.read_text(errors="replace"):
        if qemu.poll() is not None:
            sys.exit(f"bench: qemu-system-{arch} ended before the machine was up")
        time.sleep(0.02)
    qemu.kill()
    qemu.wait()
    return children_cpu() - before


def run(arch, count, seconds, boundary="1ms", snapshots=False):
    look = f", boundary: {boundary}" if boundary else ""
    hosts = "\n".join(f"  - {{id: m{i}, type: vm, arch: {arch}, memory: 256MiB, image: base, ip: 10.0.0.{i + 1}{look}}}"
                      for i in range(count))
    cables = "\n".join(f'  - {{endpoints: ["m{i}:eth0", "sw:{i + 1}"], latency: 1ms}}' for i in range(count))
    scenario = WORK / "machines.yaml"
    scenario.write_text(f"scenario: {{name: bench, duration: {round(seconds * 1000)}ms}}\nnodes:\n{hosts}\nlinks:\n{cables}\n"
                        f"switches: [{{id: sw, ports: {count}}}]\n")
    before = children_cpu()
    subprocess.run([PROGRAM, "run", scenario, "-q", "--output", WORK / "run", *([] if snapshots else ["--cold-boot"])],
                   check=True, stdout=subprocess.DEVNULL, env={**os.environ, "XEDGESIM_SNAPSHOTS": str(WORK / "snapshots")})
    return children_cpu() - before


def restored():
    summary = json.loads((WORK / "run/summary.json").read_text())
    return summary["host"]["machines_restored"]["m0"] == 1


def up_after(arch):
    """Virtual seconds until the machine is up; the same in every run."""
    run(arch, 1, 8)
    for line in (WORK / "run/consoles/m0.log").read_text(errors="replace").splitlines():
        if "is up" in line:
            return float(line[1:16])
    sys.exit(f"bench: the {arch} machine was not up within 8 s")


def least(measure):
    return min(measure() for _ in range(3))


for arch in MACHINES:
    folder = image(arch)
    if not folder:
        print(f"bench: no image base for {arch}: xedgesim image build base --arch all", file=sys.stderr)
        continue
    up = up_after(arch)
    alone = least(lambda: boot_alone(arch, folder, []))
    counted = least(lambda: boot_alone(arch, folder, ["-icount", "shift=3,sleep=off"]))
    ours = least(lambda: run(arch, 1, up))
    alone_on_cable = least(lambda: run(arch, 1, up, None))
    run(arch, 1, up + 0.1, None, snapshots=True)
    again = least(lambda: run(arch, 1, up + 0.1, None, snapshots=True))
    if not restored():
        sys.exit(f"bench: the {arch} machine was not restored from its snapshot")
    often = least(lambda: run(arch, 1, up, "100us"))
    figure(f"boot_{arch}_tcg", alone, "CPU s")
    figure(f"boot_{arch}_icount", counted, "CPU s")
    figure(f"boot_{arch}_virtual_time", ours, "CPU s")
    figure(f"boot_{arch}_virtual_time_1ms_cable", alone_on_cable, "CPU s")
    figure(f"boot_{arch}_virtual_time_again", again, "CPU s")
    figure(f"boot_{arch}_icount_over_tcg", counted / alone, "ratio")
    figure(f"boot_{arch}_virtual_time_again_over_tcg", again / alone, "ratio")
    figure(f"boot_{arch}_virtual_time_1ms_cable_over_tcg", alone_on_cable / alone, "ratio")
    figure(f"boot_{arch}_virtual_time_over_tcg", ours / alone, "ratio")
    figure(f"boot_{arch}_virtual_time_over_icount", ours / counted, "ratio")
    figure(f"look_{arch}", (often - ours) / (9 * up * 1000) * 1e6, "CPU us")
    if arch == "aarch64":
        short, long = run(arch, 4, 8), run(arch, 4, 1208)
        figure("four_idle_machines_speed", 1200 / (long - short), "simulated s per CPU s")
