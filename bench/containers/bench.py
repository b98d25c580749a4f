#!/usr/bin/env python3
"""Containers and processes on the wall clock, as JSON lines: bench.py PROGRAM WORK

Start to first answered packet; TCP and small UDP packets from one to the other through our loop, with and without a shaped
cable; MQTT messages from a publisher to the broker of another; the image of that broker, as `docker load` gets it, in a machine in
virtual time. Containers need dockerd: one of our own is started with its
socket and data in WORK, without a bridge or a rule of the host's, and ended by its number.
"""
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time

PROGRAM, WORK = os.path.abspath(sys.argv[1]), sys.argv[2]
MESSAGES = 30000


def figure(metric, value, unit):
    print(json.dumps({"bench": "containers", "metric": metric, "value": round(value, 6), "unit": unit}), flush=True)


def note(text):
    print("bench: " + text, file=sys.stderr)


class Docker:
    def __init__(self):
        folder = os.path.join(WORK, "docker")
        os.makedirs(folder)
        self.socket = os.path.join(folder, "s")
        config = {"iptables": False, "ip6tables": False, "ip-forward": False, "bridge": "none", "storage-driver": "vfs",
                  "data-root": folder + "/data", "exec-root": folder + "/exec", "pidfile": folder + "/pid",
                  "hosts": ["unix://" + self.socket]}
        with open(folder + "/daemon.json", "w") as f:
            json.dump(config, f)
        self.process = subprocess.Popen(["/usr/sbin/dockerd", "--config-file", folder + "/daemon.json"],
                                        stdout=open(folder + "/log", "w"), stderr=subprocess.STDOUT, start_new_session=True)
        for _ in range(300):
            if os.path.exists(self.socket):
                break
            time.sleep(0.1)
        time.sleep(0.5)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def run(name, kind, image, nodes, cable="", faults="", duration="12s"):
    """Runs two nodes and returns their console lines as (seconds, text) lists by name."""
    text = f"scenario: {{name: {name}, duration: {duration}, clock: wall}}\nnodes:\n"
    for i, (node, command, environment) in enumerate(nodes):
        what = "" if not image else f"image: {image}, " if kind == "process" else f"image: xedgesim/{image}, "
        text += f"  - {{id: {node}, type: {kind}, {what}ip: 10.7.0.{i + 1}, command: {json.dumps(command)}"
        text += f", environment: {json.dumps(environment)}}}\n"
    text += f'links:\n  - {{id: cable, endpoints: ["{nodes[0][0]}:eth0", "{nodes[1][0]}:eth0"]{cable}}}\n{faults}'
    path = os.path.join(WORK, name + ".yaml")
    with open(path, "w") as f:
        f.write(text)
    out = os.path.join(WORK, name)
    r = subprocess.run([PROGRAM, "run", path, "-q", "-o", out], capture_output=True, text=True)
    if r.returncode:
        note(f"{name}: {r.stderr.strip()[-400:]}")
    lines = {}
    for node, _, _ in nodes:
        try:
            with open(f"{out}/consoles/{node}.log") as f:
                lines[node] = [(float(m[1]), m[2]) for m in (re.match(r"\[\s*([0-9.]+)\] (.*)", x) for x in f) if m]
        except OSError:
            lines[node] = []
    return lines


def rate(lines, word):
    """The receiver's Mbit/s out of iperf3's last lines."""
    for _, text in reversed(lines):
        m = re.search(r"([0-9.]+) ([KMG])bits/sec.*" + word, text)
        if m:
            return float(m[1]) * {"K": 1e-3, "M": 1, "G": 1e3}[m[2]]
    return None


def measure_start(kind, image, label):
    idle = ["sleep", "1000"]
    ping = ["ping", "-c", "1", "-W", "5", "b"]
    starts = []
    for i in range(3):
        lines = run(f"{label}-start{i}", kind, image, [("a", ping, {}), ("b", idle, {})],
                    faults="faults: [{time: 2s, type: machine_reset, target: a}]\n", duration="5s")["a"]
        answers = [t for t, text in lines if "bytes from" in text and t > 2]
        if answers:
            starts.append(answers[0] - 2)
    if starts:
        figure(f"{label}_start_to_first_packet", sorted(starts)[len(starts) // 2], "s")


def measure(kind):
    measure_start(kind, "base", kind)
    server = ["/bin/iperf3", "-s"]
    for label, cable in (("unshaped", ""), ("100mbit", ", bandwidth: 100Mbit, latency: 1ms, queue: 200")):
        tcp = ["sh", "-c", "until /bin/iperf3 -c b -t 5; do sleep 0.5; done; sleep 100"]
        value = rate(run(f"{kind}-tcp-{label}", kind, "base", [("a", tcp, {}), ("b", server, {})], cable)["a"], "receiver")
        if value:
            figure(f"{kind}_tcp_{label}", value, "Mbit/s")
        udp = ["sh", "-c", "until /bin/iperf3 -c b -u -b 0 -l 64 -t 5; do sleep 0.5; done; sleep 100"]
        lines = run(f"{kind}-udp-{label}", kind, "base", [("a", udp, {}), ("b", server, {})], cable)["a"]
        value = rate(lines, "receiver")
        if value:
            figure(f"{kind}_udp64_{label}", value * 1e6 / 8 / 64, "packets/s")
    # Every message is acknowledged by the broker, which lies behind the cable.
    publisher = ["sh", "-c", f"sleep 2; echo begin; seq {MESSAGES} | mosquitto_pub -h b -t bench -l -q 1 && echo all; sleep 100"]
    broker = ["sleep", "1000"]
    lines = run(f"{kind}-mqtt", kind, "gateway", [("a", publisher, {}), ("b", broker, {"MQTT_HOST": "0.0.0.0"})],
                duration="20s")["a"]
    begin, end = ([t for t, text in lines if text == word] for word in ("begin", "all"))
    if begin and end:
        figure(f"{kind}_mqtt_qos1_to_broker", MESSAGES / (end[0] - begin[0]), "messages/s")


def measure_virtual_time():
    """The archive that an engine loads, imported and booted: how much faster than real time its machine runs."""
    archive, images = os.path.join(WORK, "gateway.tar"), os.path.join(WORK, "images")
    subprocess.run([PROGRAM, "image", "build", "gateway", "--docker", archive], check=True, stdout=sys.stderr)
    home = os.environ.get("XEDGESIM_IMAGES", os.path.expanduser("~/.cache/xedgesim/images"))
    base = os.path.realpath(os.path.join(home, "base-x86_64"))
    os.makedirs(images)
    for name in (os.path.basename(base), "base-x86_64"):
        os.symlink(base, os.path.join(images, name))
    environment = dict(os.environ, XEDGESIM_IMAGES=images)
    subprocess.run([PROGRAM, "image", "import", archive, "--name", "same"], check=True, stdout=sys.stderr, env=environment)
    path, out = os.path.join(WORK, "virtual.yaml"), os.path.join(WORK, "virtual")
    with open(path, "w") as f:
        f.write("""scenario: {name: virtual, duration: 60s, clock: virtual}
nodes:
  - {id: box, type: vm, arch: x86_64, memory: 512MiB, image: same, ip: 10.7.0.1}
  - {id: peer, type: model, ip: 10.7.0.2, traffic: [{id: ping, to: box, type: ping, interval: 10ms, start: 20s}]}
links:
  - {endpoints: ["box:eth0", "peer:eth0"], latency: 1ms}
""")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    r = subprocess.run([PROGRAM, "run", path, "-q", "-o", out], capture_output=True, text=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)  # QEMU's time is in it
    if r.returncode:
        note(f"virtual time: {r.stderr.strip()[-400:]}")
        return
    with open(out + "/summary.json") as f:
        summary = json.load(f)
    if summary["flows"]["ping"]["flow_received"] < 3000:
        note(f"virtual time: the image answered {summary['flows']['ping']['flow_received']} of 4000 pings")
    figure("same_image_in_virtual_time", summary["speed_factor"], "x real time")
    figure("same_image_in_virtual_time_cpu", summary["duration_s"] / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), "simulated s per CPU s")


os.environ.pop("DOCKER_HOST", None)
measure_virtual_time()
measure_start("process", "", "process_without_image")
measure("process")
if os.path.exists("/usr/sbin/dockerd") and os.geteuid() == 0:
    docker = Docker()
    try:
        os.environ["DOCKER_HOST"] = "unix://" + docker.socket
        for image in ("base", "gateway"):
            subprocess.run([PROGRAM, "image", "build", image, "--load"], check=True, stdout=sys.stderr)
        measure("container")
    finally:
        docker.end()
else:
    note("containers are left out: dockerd is not installed, or this is not root (scripts/setup --with containers)")
