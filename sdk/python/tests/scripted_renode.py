"""Plays Renode for tests: a Monitor at the port given by -P, as its documentation and sources have it: telnet bytes at the
start, an echo of what is typed behind a prompt, `python` that prints, errors as text. Each machine's firmware sends one
data frame every 10 ms of RunFor and prints a line."""

import os
import re
import socket
import sys
import time

sys.path.insert(0, os.environ.get("XS_SDK", ""))
from xedgesim.renode import build_data_frame, parse_data_frame  # noqa: E402

BEHAVIOUR = os.environ.get("XS_RENODE", "good")


def main() -> None:
    port = int(sys.argv[sys.argv.index("-P") + 1])
    if BEHAVIOUR == "dies":
        sys.exit("no display")
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(1)
    peer, _ = server.accept()
    peer.sendall(b"\xff\xfd\x1f\xff\xfb\x01Renode, version 1.15 (scripted)\r\n")
    machines: list = []
    now_ns = 0
    seen: list = []
    prompt = "(monitor) "
    file = peer.makefile("rb")
    while True:
        raw = file.readline()
        if not raw:
            return
        line = raw.decode().rstrip("\n")
        answer = ""
        m = re.match(r"(\w+) ?(.*)", line)
        verb, rest = m.group(1), m.group(2)
        words = [w.strip('"') for w in re.findall(r'"[^"]*"|\S+', rest)]
        if verb == "quit":
            return
        if verb == "python":
            answer = eval(rest.strip('"')[6:-1]) + "\r\n"
        elif verb == "mach" and words[0] == "create":
            machines.append(words[1])
            prompt = f"({words[1]}) "
        elif verb == "mach" and words[0] == "set":
            answer = "" if words[1] in machines else f"No such machine: {words[1]}, error\r\n"
        elif verb == "sysbus" and words[0] == "LoadELF":
            if not os.path.exists(words[1][1:]):
                answer = f"There was an error executing command 'sysbus LoadELF {words[1]}'\r\nFile does not exist\r\n"
        elif verb == "emulation" and words[0] == "RunFor":
            if BEHAVIOUR == "hangs":
                time.sleep(3600)
            if BEHAVIOUR == "leaves":
                print("segmentation of the emulation", file=sys.stderr, flush=True)
                os._exit(5)
            end_ns = now_ns + round(float(words[1]) * 1e9)
            for t in range((now_ns // 10_000_000 + 1) * 10_000_000, end_ns + 1, 10_000_000):
                for i, name in enumerate(machines):
                    psdu = build_data_frame(0xABCD, 0, i + 1, t // 10_000_000, b"report %d" % (t // 10_000_000))
                    seen.append(("radio", name, b"\0\0" + psdu))
                    seen.append(("uart", name, b"sent at %d ms\n" % (t // 1_000_000)))
            now_ns = end_ns
        elif verb == "xs_inject":
            frame = parse_data_frame(bytes.fromhex(words[2])[2:])
            seen.append(("uart", words[0], b"heard %s\n" % frame["payload"]))
        elif verb == "xs_drain":
            answer = "".join(f"xs-{k} {n} {d.hex()}\r\n" for k, n, d in seen)
            seen.clear()
        elif verb not in ("emulation", "include", "machine", "xs_watch_uart", "xs_watch_radio"):
            answer = f"No such command or device: {verb}\r\n"
        peer.sendall(f"{prompt}{line}\r\n{answer}".encode())


main()
