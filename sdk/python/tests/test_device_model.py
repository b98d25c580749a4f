import base64
import json
import pathlib
import unittest

from xedgesim import run
from xedgesim.device_model import DeviceModelParticipant, load

from .support import Peer

MODEL = pathlib.Path(__file__).parents[3] / "models" / "device_model.py"
SECOND = 10**9


class DeviceModelTest(unittest.TestCase):
    def test_the_model_of_the_guide_reports_at_its_interval(self) -> None:
        participant = DeviceModelParticipant(load(str(MODEL)))
        peer = Peer(lambda: run(participant))
        self.addCleanup(peer.close)
        config = {"sample_rate": "100Hz", "report_interval": "2s", "packet_size": "64B", "tx_power": "0dBm"}
        answer = peer.init([{"node": "m_1", "config": config}, {"node": "m_2", "config": config}])
        self.assertEqual(answer["next_ns"], 2 * SECOND)
        answer = peer.ask(type="ADVANCE", to_ns=2 * SECOND)
        self.assertEqual(answer["next_ns"], 3 * SECOND)  # the other one, half an interval later
        packet = b"".join(base64.b64decode(e["payload"]) for e in answer["events"] if e["event"] == "send")
        report = json.loads(packet)
        self.assertEqual(report["node_id"], "m_1")
        self.assertEqual(len(report["samples"]), 10)
        energy = sum(e["uJ"] for e in answer["events"] if e["event"] == "energy")
        # 200 samples of 10 uJ, one transmission of 50 uJ, 2 s of 5 uW.
        self.assertAlmostEqual(energy, 200 * 10 + 50 + 10)
        for e in answer["events"]:
            if e["event"] == "send":
                self.assertLessEqual(len(base64.b64decode(e["payload"])), 100)


if __name__ == "__main__":
    unittest.main()
