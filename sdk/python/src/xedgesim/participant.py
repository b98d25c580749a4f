"""A participant as a class: xedgesim calls, the class answers by sending and by asking to be woken."""

from __future__ import annotations

import base64
import heapq
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from .protocol import PROTOCOL, VERSION, Message, ProtocolError, converse


@dataclass(frozen=True)
class Frame:
    """A data frame that reached a node."""

    t_ns: int
    source: int  # short address
    payload: bytes
    rssi_dbm: float
    lqi: int


@dataclass(frozen=True)
class Sent:
    """What became of a frame that was sent."""

    t_ns: int
    tag: int
    status: str  # "success", "no acknowledgement", "channel access failure", "queue full"
    transmissions: int


class Node:
    """One device of the group."""

    def __init__(self, participant: "Participant", description: Message) -> None:
        self._participant = participant
        self.description: Message = description
        self.name: str = description["node"]
        self.config: Dict[str, Any] = description.get("config", {})
        self.position_m: Tuple[float, float, float] = tuple(description.get("position_m", (0.0, 0.0, 0.0)))
        self.short_address: int = description.get("short_address", 0)
        self.gateway: int = description.get("gateway", 0)

    @property
    def now_ns(self) -> int:
        return self._participant.now_ns

    def send(
        self,
        payload: bytes,
        *,
        to: Optional[int] = None,
        ack: bool = True,
        tag: int = 0,
        topic_id: Optional[int] = None,
        t_ns: Optional[int] = None,
    ) -> None:
        """Hands a frame to the radio, now or at `t_ns`. `to`: a short address, the gateway when absent. With a
        `topic_id` the payload travels as an MQTT-SN PUBLISH, which the gateway passes on to the edge."""
        event: Message = {"event": "send", "payload": base64.b64encode(payload).decode(), "ack": ack, "tag": tag}
        if to is not None:
            event["to"] = to
        if topic_id is not None:
            event["topic_id"] = topic_id
        self._participant._emit(self, event, t_ns)

    def energy(self, microjoules: float, t_ns: Optional[int] = None) -> None:
        """Adds to what the node has used, in the results as cause `external`."""
        self._participant._emit(self, {"event": "energy", "uJ": microjoules}, t_ns)

    def wake_at(self, t_ns: int) -> None:
        """Calls the participant's wake() at that instant, which must not have passed."""
        self._participant._wake_at(self, t_ns)

    def log(self, text: str) -> None:
        """A line in external/<group>.log of the results."""
        print(f"[{self.now_ns / 1e9:15.6f}] {self.name}: {text}", flush=True)


class Participant:
    """Override what you need. Times are nanoseconds since the start of the run."""

    def __init__(self) -> None:
        self.nodes: Dict[str, Node] = {}
        self.group = ""
        self.seed = 0
        self.duration_ns = 0
        self.now_ns = 0
        self._events: List[Message] = []
        self._alarms: List[Tuple[int, int, Node]] = []
        self._serial = 0
        self._reached_ns = 0

    def start(self) -> None:
        """Once, before time zero: ask for the first wake-ups here. Nothing can be sent yet."""

    def wake(self, node: Node, t_ns: int) -> None:
        """A wake-up that was asked for."""

    def frame(self, node: Node, frame: Frame) -> None:
        """A data frame for the node has arrived."""

    def sent(self, node: Node, sent: Sent) -> None:
        """The radio is through with a frame."""

    def stop(self, reason: str) -> None:
        """The run is over: "end", "interrupted" or "failed"."""

    # ---- what the loop below calls ----

    def _emit(self, node: Node, event: Message, t_ns: Optional[int]) -> None:
        event["node"] = node.name
        event["t_ns"] = self.now_ns if t_ns is None else t_ns
        self._events.append(event)

    def _wake_at(self, node: Node, t_ns: int) -> None:
        if t_ns < self.now_ns:
            raise ValueError(f"{node.name} wants to be woken at {t_ns} ns, but it is {self.now_ns} ns already")
        self._serial += 1
        heapq.heappush(self._alarms, (t_ns, self._serial, node))

    def _init(self, message: Message) -> Message:
        if message.get("protocol") != PROTOCOL or message.get("version") != VERSION:
            raise ProtocolError(
                f"xedgesim speaks {message.get('protocol')} version {message.get('version')}, "
                f"this SDK {PROTOCOL} version {VERSION}"
            )
        self.group = message["group"]
        self.seed = message["seed"]
        self.duration_ns = message["duration_ns"]
        self.nodes = {d["node"]: Node(self, d) for d in message["nodes"]}
        self.start()
        answer = self._done(0)
        answer["version"] = VERSION
        return answer

    def _advance(self, to_ns: int) -> Message:
        while self._alarms and self._alarms[0][0] <= to_ns:
            t_ns, _, node = heapq.heappop(self._alarms)
            # A wake-up that was asked for at the instant that had been reached happens right after it.
            self.now_ns = max(t_ns, self._reached_ns + 1)
            self.wake(node, self.now_ns)
        return self._done(to_ns)

    def _deliver(self, message: Message) -> Message:
        t_ns = message["t_ns"]
        self.now_ns = t_ns
        node = self.nodes[message["node"]]
        if message["kind"] == "frame":
            payload = base64.b64decode(message["payload"])
            self.frame(node, Frame(t_ns, message["from"], payload, message["rssi_dbm"], message["lqi"]))
        else:
            self.sent(node, Sent(t_ns, message["tag"], message["status"], message["transmissions"]))
        return self._done(t_ns)

    def _answer(self, message: Message) -> Message:
        kind = message["type"]
        if kind == "INIT":
            return self._init(message)
        if kind == "ADVANCE":
            return self._advance(message["to_ns"])
        if kind == "DELIVER":
            return self._deliver(message)
        if kind == "SHUTDOWN":
            self.stop(message.get("reason", "end"))
            return self._done(self.now_ns)
        raise ProtocolError(f"unknown message {kind}")

    def _done(self, at_ns: int) -> Message:
        self.now_ns = at_ns
        self._reached_ns = at_ns
        events, self._events = sorted(self._events, key=lambda e: e["t_ns"]), []
        next_ns = max(self._alarms[0][0], at_ns + 1) if self._alarms else None
        return {"type": "DONE", "at_ns": at_ns, "next_ns": next_ns, "events": events}


def run(participant: Participant, address: Optional[str] = None) -> None:
    """Takes part in a run until it is over."""
    converse(participant._answer, address)
