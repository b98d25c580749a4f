"""Runs firmware in Renode as devices of a run: `type: renode` with `renode: {...}` in a scenario starts this.

    python3 -m xedgesim.renode PROGRAM...        # the words that start Renode

Renode is driven through its Monitor over a TCP socket of the loopback interface, by documented commands: `mach create`,
`machine LoadPlatformDescription`, `sysbus LoadELF`, `emulation SetGlobalQuantum`, `emulation RunFor`. A script in Renode's
own Python (renode_hooks.py, loaded by `include`) listens to UART and radio and hands frames in.

Time: Renode runs from one multiple of the quantum to the next. What the firmware sends within a quantum leaves at its end,
and what arrives reaches it at the beginning of the next one: up to one quantum late each way.

The radio: xedgesim has it (channel, CSMA/CA, acknowledgements). The MAC payload of a data frame the firmware sends goes
out in a frame of the device's own address; acknowledgements, beacons and commands of the firmware stop here. A frame for
the device is handed to the firmware with the addresses it listens to, so its filter takes it; it acknowledges into the
void. Its clear channel assessment always says clear.

Never run against the program itself: tested against a scripted Monitor only (tests/test_renode.py).
"""

from __future__ import annotations

import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import time
from typing import Any, Dict, List, Optional, Tuple

from .participant import Frame, Node, Participant, Sent, run

HOOKS = pathlib.Path(__file__).with_name("renode_hooks.py")
BOARDS = {
    "nrf52840dk": "platforms/boards/nrf52840dk_nrf52840.repl",
    "nrf52840": "platforms/cpus/nrf52840.repl",
}
LONGEST_ANSWER = 1 << 22
_STEERING = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\xff[\xfb-\xfe].|\r|\x00")


class RenodeError(Exception):
    """Renode is gone, silent, or refused a command."""


class Monitor:
    """Renode's Monitor: a command, and the lines it printed."""

    def __init__(self, sock: socket.socket, timeout: float = 60.0) -> None:
        self._socket = sock
        self._socket.settimeout(timeout)
        self._buffer = b""
        self._number = 0

    @classmethod
    def connect(cls, port: int, alive: Any, timeout: float = 60.0) -> "Monitor":
        """Tries until Renode listens; `alive()` says whether it is worth it."""
        end = time.monotonic() + timeout
        while True:
            try:
                return cls(socket.create_connection(("127.0.0.1", port), timeout), timeout)
            except OSError as error:
                if not alive():
                    raise RenodeError("ended before its Monitor listened") from error
                if time.monotonic() > end:
                    raise RenodeError(f"does not listen at port {port} after {timeout:g} s") from error
                time.sleep(0.05)

    def command(self, text: str) -> List[str]:
        """Sends one command and returns what it printed. Its end is told by a marker that the Monitor puts together
        itself, so that neither the echo of what was typed nor a prompt is taken for it."""
        if "\n" in text:
            raise ValueError("one command a line")
        self._number += 1
        marker = f"xs-done-{self._number}"
        ask = f"python \"print('xs' + '-done-{self._number}')\""
        try:
            self._socket.sendall(f"{text}\n{ask}\n".encode())
        except OSError as error:
            raise RenodeError(f"is gone: {error}") from error
        lines: List[str] = []
        while True:
            line = self._line()
            if line.endswith(marker) and "'-done-" not in line:
                break
            lines.append(line)
        echoes = (text, ask)
        printed = [x for x in lines if x.strip() and x.strip() not in echoes and not x.rstrip().endswith(tuple(") " + e for e in echoes))]
        for x in printed:
            if re.search(r"error|exception|no such command|bad parameters|could not", x, re.IGNORECASE):
                raise RenodeError(f"refused '{text}': {x.strip()}")
        return printed

    def _line(self) -> str:
        while b"\n" not in self._buffer:
            if len(self._buffer) > LONGEST_ANSWER:
                raise RenodeError(f"printed more than {LONGEST_ANSWER} bytes without an end of line")
            try:
                chunk = self._socket.recv(65536)
            except socket.timeout as error:
                raise RenodeError("did not answer in time") from error
            except OSError as error:
                raise RenodeError(f"is gone: {error}") from error
            if not chunk:
                raise RenodeError("closed its Monitor")
            self._buffer += chunk
        raw, self._buffer = self._buffer.split(b"\n", 1)
        return _STEERING.sub(b"", raw).decode("utf-8", "replace")

    def close(self) -> None:
        self._socket.close()


# ---- frames of IEEE 802.15.4, as far as a device needs them ----


def parse_data_frame(psdu: bytes) -> Optional[Dict[str, Any]]:
    """The parts of an unsecured data frame with or without its FCS; None for anything else."""
    if len(psdu) < 3:
        return None
    control, sequence = struct.unpack_from("<HB", psdu)
    if control & 7 != 1 or control & 8 or control >> 12 & 3 > 1:
        return None
    at = 3
    fields: Dict[str, Any] = {"sequence": sequence, "ack": bool(control & 0x20), "to_pan": None, "to": None, "source": None}
    to_mode, from_mode = control >> 10 & 3, control >> 14 & 3
    if 1 in (to_mode, from_mode):
        return None
    sizes = {0: 0, 2: 2, 3: 8}
    try:
        if to_mode:
            fields["to_pan"] = struct.unpack_from("<H", psdu, at)[0]
            at += 2
            fields["to"] = int.from_bytes(psdu[at : at + sizes[to_mode]], "little")
            at += sizes[to_mode]
        if from_mode:
            fields["from_pan"] = fields["to_pan"]
            if not control & 0x40:
                fields["from_pan"] = struct.unpack_from("<H", psdu, at)[0]
                at += 2
            fields["source"] = int.from_bytes(psdu[at : at + sizes[from_mode]], "little")
            fields["source_mode"] = from_mode
            at += sizes[from_mode]
    except struct.error:
        return None
    if at > len(psdu):
        return None
    body = psdu[at:]
    fields["payload"] = body[:-2] if len(psdu) >= 5 and fcs(psdu[:-2]) == psdu[-2:] else body
    return fields


def fcs(data: bytes) -> bytes:
    """CRC-16 of IEEE 802.15.4-2006, 7.2.1.9, in the order of transmission."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return struct.pack("<H", crc)


def build_data_frame(pan: int, to: int, source: int, sequence: int, payload: bytes) -> bytes:
    """A data frame between short addresses of one PAN, FCS included."""
    head = struct.pack("<HBHHH", 0x8861, sequence & 0xFF, pan, to, source)
    return head + payload + fcs(head + payload)


# ---- the devices ----


class Machine:
    """One device and what Renode calls it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        settings = node.description.get("renode", {})
        self.firmware: str = node.description.get("firmware", "")
        self.platform: str = settings.get("platform") or BOARDS.get(node.description.get("platform", ""), "")
        self.radio: str = settings.get("radio", "sysbus.radio")
        self.uart: str = settings.get("uart", "sysbus.uart0")
        self.prefix: int = int(settings.get("radio_prefix", 0))
        self.pan = 0xFFFF
        self.address = 0xFFFF
        self.line = b""
        self.sequence = 0


class RenodeParticipant(Participant):
    """All devices of a group in one Renode."""

    def __init__(self, command: List[str], timeout: float = 60.0) -> None:
        super().__init__()
        self._command = command
        self._timeout = timeout
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._monitor: Optional[Monitor] = None
        self._machines: List[Machine] = []
        self._quantum_ns = 1_000_000
        self._at_ns = 0
        self._waiting: List[Tuple[Machine, bytes]] = []

    # -- Renode --

    def _say(self, text: str) -> List[str]:
        assert self._monitor is not None
        return self._monitor.command(text)

    def _start_renode(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [*self._command, "--disable-xwt", "--plain", "-P", str(port)]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise RenodeError(
                f"cannot be started ('{self._command[0]}': {error.strerror}): install it, or name it in renode.program"
            ) from error
        process = self._process
        self._monitor = Monitor.connect(port, lambda: process.poll() is None, self._timeout)

    def start(self) -> None:
        self._machines = [Machine(n) for n in self.nodes.values()]
        self._quantum_ns = int(next(iter(self.nodes.values())).description.get("renode", {}).get("quantum_ns", 1_000_000))
        self._start_renode()
        self._say(f'emulation SetGlobalQuantum "{self._quantum_ns / 1e9:.9f}"')
        self._say("emulation SetGlobalSerialExecution True")
        self._say(f"emulation SetSeed {self.seed & 0x7FFFFFFF}")
        self._say(f"include @{HOOKS}")
        for m in self._machines:
            if not m.platform:
                raise RenodeError(f"has no platform for '{m.node.name}': set renode.platform to a .repl file")
            self._say(f'mach create "{m.node.name}"')
            self._say(f"machine LoadPlatformDescription @{m.platform}")
            self._say(f"sysbus LoadELF @{m.firmware}")
            self._say(f'xs_watch_uart "{m.node.name}" {m.uart}')
            if m.radio:
                self._say(f'xs_watch_radio "{m.node.name}" {m.radio}')
        next(iter(self.nodes.values())).wake_at(self._quantum_ns)

    def wake(self, node: Node, t_ns: int) -> None:
        due, self._waiting = self._waiting, []
        for m, psdu in due:
            self._say(f'mach set "{m.node.name}"')
            self._say(f'xs_inject "{m.node.name}" {m.radio} "{(bytes(m.prefix) + psdu).hex()}"')
        self._say(f'emulation RunFor "{(t_ns - self._at_ns) / 1e9:.9f}"')
        self._at_ns = t_ns
        for line in self._say("xs_drain"):
            self._happened(line, t_ns)
        node.wake_at(t_ns + self._quantum_ns)

    def _happened(self, line: str, t_ns: int) -> None:
        match = re.search(r"xs-(uart|radio) (\S+) ([0-9a-f]*)$", line)
        if not match or match.group(2) not in self.nodes:
            return
        m = next(x for x in self._machines if x.node.name == match.group(2))
        data = bytes.fromhex(match.group(3)) if len(match.group(3)) % 2 == 0 else b""
        if match.group(1) == "uart":
            m.line += data
            *whole, m.line = m.line.split(b"\n")
            for text in whole:
                m.node.log(text.rstrip(b"\r").decode("utf-8", "replace"))
            return
        frame = parse_data_frame(data[m.prefix :])
        if frame is None:
            return
        if frame["source"] is not None and frame.get("source_mode") == 2:
            m.pan, m.address = frame["from_pan"], frame["source"]
        broadcast = frame["to"] in (None, 0xFFFF)
        if len(frame["payload"]) <= 116:
            m.node.send(frame["payload"], to=0xFFFF if broadcast else frame["to"] & 0xFFFF, ack=frame["ack"], t_ns=t_ns)

    def frame(self, node: Node, frame: Frame) -> None:
        m = next(x for x in self._machines if x.node is node)
        if not m.radio:
            return
        m.sequence += 1
        address = node.short_address if m.address == 0xFFFF else m.address
        psdu = build_data_frame(m.pan, address, frame.source, m.sequence, frame.payload)
        self._waiting.append((m, psdu))

    def sent(self, node: Node, sent: Sent) -> None:
        if sent.status != "success":
            node.log(f"a frame was not delivered: {sent.status}")

    def stop(self, reason: str) -> None:
        if self._monitor is not None:
            try:
                self._monitor._socket.sendall(b"quit\n")
            except OSError:
                pass
            self._monitor.close()
        if self._process is not None:
            try:
                self._process.wait(1.5)
            except subprocess.TimeoutExpired:
                self._process.kill()


def main() -> None:
    command = sys.argv[1:] or [os.environ.get("RENODE", "renode")]
    participant = RenodeParticipant(command)
    try:
        run(participant)
    finally:
        participant.stop("failed")


if __name__ == "__main__":
    main()
