import base64
import unittest

from xedgesim import Frame, Node, Participant, ProtocolError, Sent, quantity, run

from .support import Peer


class Recorder(Participant):
    def __init__(self) -> None:
        super().__init__()
        self.seen = []

    def start(self) -> None:
        for node in self.nodes.values():
            node.wake_at(1000)

    def wake(self, node: Node, t_ns: int) -> None:
        self.seen.append(("wake", node.name, t_ns))
        node.send(b"\x01\x02", tag=7)
        if t_ns < 2000:
            node.wake_at(2000)

    def frame(self, node: Node, frame: Frame) -> None:
        self.seen.append(("frame", node.name, frame.payload, frame.source))
        node.wake_at(frame.t_ns)

    def sent(self, node: Node, sent: Sent) -> None:
        self.seen.append(("sent", sent.tag, sent.status))


class ParticipantTest(unittest.TestCase):
    def setUp(self) -> None:
        self.participant = Recorder()
        self.peer = Peer(lambda: run(self.participant))
        self.addCleanup(self.peer.close)

    def test_a_whole_conversation(self) -> None:
        answer = self.peer.init([{"node": "a", "short_address": 3, "config": {"x-key": 1}}])
        self.assertEqual(answer, {"type": "DONE", "version": 1, "at_ns": 0, "next_ns": 1000, "events": []})
        self.assertEqual(self.participant.nodes["a"].short_address, 3)

        answer = self.peer.ask(type="ADVANCE", to_ns=1500)
        self.assertEqual(answer["at_ns"], 1500)
        self.assertEqual(answer["next_ns"], 2000)
        (event,) = answer["events"]
        self.assertEqual((event["event"], event["node"], event["t_ns"], event["tag"]), ("send", "a", 1000, 7))
        self.assertEqual(base64.b64decode(event["payload"]), b"\x01\x02")

        answer = self.peer.ask(
            type="DELIVER", kind="frame", t_ns=1700, node="a", payload="aGk=", rssi_dbm=-60.5, lqi=9, **{"from": 5}
        )
        # It asked to be woken at once: that is right after the instant it has reached.
        self.assertEqual((answer["at_ns"], answer["next_ns"], answer["events"]), (1700, 1701, []))
        answer = self.peer.ask(type="ADVANCE", to_ns=1800)
        self.assertEqual(answer["events"][0]["t_ns"], 1701)

        self.peer.ask(type="DELIVER", kind="sent", t_ns=1900, node="a", tag=7, status="success", transmissions=1)
        self.assertEqual(self.peer.ask(type="SHUTDOWN", reason="end")["type"], "DONE")
        self.peer.thread.join(5)
        self.assertIsNone(self.peer.error)
        self.assertEqual(
            self.participant.seen,
            [("wake", "a", 1000), ("frame", "a", b"hi", 5), ("wake", "a", 1701), ("sent", 7, "success")],
        )

    def test_another_version_is_an_error_both_ends_see(self) -> None:
        answer = self.peer.init([], version=2)
        self.assertEqual(answer["type"], "ERROR")
        self.assertIn("version 2", answer["message"])
        self.peer.thread.join(5)
        self.assertIsInstance(self.peer.error, ProtocolError)

    def test_what_the_participant_raises_is_reported(self) -> None:
        self.peer.init([{"node": "a"}])
        self.participant.wake = lambda node, t_ns: node.wake_at(t_ns - 1)  # type: ignore[method-assign]
        answer = self.peer.ask(type="ADVANCE", to_ns=1000)
        self.assertEqual(answer["type"], "ERROR")
        self.assertIn("ValueError: a wants to be woken at 999 ns", answer["message"])


class QuantityTest(unittest.TestCase):
    def test_units(self) -> None:
        for text, value in (("1s", 1), ("250ms", 0.25), ("1kHz", 1000), ("64B", 64), ("-4dBm", -4), (3, 3), ("7", 7)):
            self.assertAlmostEqual(quantity(text), value)
        for wrong in ("1 parsec", "", "s", "1s2"):
            with self.assertRaises(ValueError):
                quantity(wrong)


if __name__ == "__main__":
    unittest.main()
