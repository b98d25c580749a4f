import os
import pathlib
import sys
import tempfile
import unittest

from xedgesim import renode

from .support import Peer

HERE = pathlib.Path(__file__).parent


class Frames(unittest.TestCase):
    def test_a_frame_is_understood_as_it_was_built(self) -> None:
        psdu = renode.build_data_frame(0xABCD, 0x1234, 7, 99, b"hello")
        for frame in (renode.parse_data_frame(psdu), renode.parse_data_frame(psdu[:-2])):
            assert frame is not None
            self.assertEqual((frame["to"], frame["source"], frame["sequence"]), (0x1234, 7, 99))
            self.assertEqual((frame["from_pan"], frame["payload"], frame["ack"]), (0xABCD, b"hello", True))

    def test_the_fcs_is_that_of_the_standard(self) -> None:
        # The example of IEEE 802.15.4-2006, 7.2.1.9, an acknowledgement; bits are sent lowest first.
        self.assertEqual(renode.fcs(b"\x02\x00\x6a"), b"\xe4\x79")

    def test_what_is_no_data_frame_is_none(self) -> None:
        for psdu in (b"", b"\x02\x00\x56", b"\x41", b"\x41\x88", b"\x41\x88\x01\xcd", b"\x09\x00\x01", b"\x41\x24\x01" + bytes(20)):
            self.assertIsNone(renode.parse_data_frame(psdu))


class Adapter(unittest.TestCase):
    """The adapter between xedgesim (played by Peer) and Renode (played by scripted_renode.py)."""

    def begin(self, behaviour: str = "good", timeout: float = 30.0, firmware: str = __file__) -> Peer:
        os.environ["XS_RENODE"] = behaviour
        os.environ["XS_SDK"] = str(pathlib.Path(renode.__file__).parents[1])
        self.participant = renode.RenodeParticipant([sys.executable, str(HERE / "scripted_renode.py")], timeout)
        self.addCleanup(self.participant.stop, "end")
        peer = Peer(lambda: renode.run(self.participant))
        self.addCleanup(peer.close)
        settings = {"quantum_ns": 5_000_000, "radio_prefix": 2}
        self.greeting = peer.init(
            [
                {"node": n, "short_address": a, "gateway": 0, "platform": "nrf52840dk", "firmware": firmware, "renode": settings}
                for n, a in (("b_1", 1), ("b_2", 2))
            ]
        )
        return peer

    def test_frames_go_both_ways_at_multiples_of_the_quantum(self) -> None:
        peer = self.begin()
        self.assertEqual(self.greeting["next_ns"], 5_000_000)
        first = peer.ask(type="ADVANCE", to_ns=5_127_999)
        self.assertEqual((first["events"], first["next_ns"]), ([], 10_000_000))
        second = peer.ask(type="ADVANCE", to_ns=10_127_999)
        self.assertEqual([(e["node"], e["t_ns"], e["to"], e["ack"]) for e in second["events"]],
                         [("b_1", 10_000_000, 0, True), ("b_2", 10_000_000, 0, True)])
        peer.ask(type="DELIVER", kind="frame", t_ns=12_000_000, node="b_2", **{"from": 0}, rssi_dbm=-60.0, lqi=255,
                 payload="YW5zd2Vy")
        peer.ask(type="ADVANCE", to_ns=15_127_999)
        self.assertEqual(peer.ask(type="SHUTDOWN", reason="end")["type"], "DONE")

    def test_a_refused_command_is_told(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.begin(firmware=folder + "/none.elf")
        self.assertEqual(self.greeting["type"], "ERROR")
        self.assertIn("refused 'sysbus LoadELF", self.greeting["message"])

    def test_renode_that_ends_hangs_or_leaves_is_told(self) -> None:
        self.begin("dies")
        self.assertIn("ended before its Monitor listened", self.greeting["message"])
        peer = self.begin("hangs", 1.0)
        self.assertIn("did not answer in time", peer.ask(type="ADVANCE", to_ns=5_127_999)["message"])
        peer = self.begin("leaves")
        self.assertRegex(peer.ask(type="ADVANCE", to_ns=5_127_999)["message"], "closed its Monitor|is gone")

    def test_renode_that_is_not_installed_is_told(self) -> None:
        participant = renode.RenodeParticipant(["no-such-renode"])
        with self.assertRaisesRegex(renode.RenodeError, "cannot be started .*install it"):
            participant._start_renode()


if __name__ == "__main__":
    unittest.main()
