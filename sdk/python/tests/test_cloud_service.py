import importlib.util
import json
import pathlib
import socket
import tempfile
import threading
import unittest
from typing import Any, Dict

from xedgesim.cloud_service import CloudMLService, Server, VirtualTime, load, numbers, serve
from xedgesim.protocol import Connection

MODEL = pathlib.Path(__file__).parents[3] / "models" / "vibration" / "anomaly_detector.pt"

# The service of the implementation guide's section 1.4, as printed, with a model that needs no library.
GUIDE = '''
import time


class Doubler:
    def __call__(self, features):
        return [2 * f for f in features]


class CloudMLService:
    def __init__(self, model_path, latency_ms):
        self.model = Doubler()
        self.latency_ms = 50

    def infer(self, features):
        """Simulate cloud inference with network latency"""
        start_time = time.time()

        # Add network latency (send data to cloud)
        time.sleep(self.latency_ms / 1000.0)

        result = self.model(features)

        # Add network latency (receive result from cloud)
        time.sleep(self.latency_ms / 1000.0)

        return result, (time.time() - start_time) * 1000
'''


def init(**more: Any) -> Dict[str, Any]:
    message = {
        "type": "INIT",
        "protocol": "xedgesim-inference",
        "version": 1,
        "node": "cloud",
        "seed": 42,
        "model": "",
        "classes": ["a", "b"],
    }
    message.update(more)
    return message


def infer(values: Any, t_ns: int = 0) -> Dict[str, Any]:
    return {"type": "INFER", "t_ns": t_ns, "input": values}


class CloudServiceTest(unittest.TestCase):
    def script(self, text: str) -> str:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "service.py"
        path.write_text(text)
        return str(path)

    def server(self, text: str) -> Server:
        clock = VirtualTime()
        return Server(load(self.script(text), clock), clock)

    def test_the_service_of_the_guide_sleeps_in_simulated_time(self) -> None:
        server = self.server(GUIDE)
        self.assertEqual(server.answer(init()), {"type": "DONE", "version": 1})
        answer = server.answer(infer([1.0, 2.5], 7_000_000_000))
        self.assertEqual(answer, {"type": "DONE", "output": [2.0, 5.0], "elapsed_ns": 100_000_000})
        # The same question gets the same answer.
        self.assertEqual(server.answer(infer([1.0, 2.5], 7_000_000_000)), answer)

    def test_names_imported_from_time_are_simulated_too(self) -> None:
        server = self.server(
            "from time import sleep, time\n"
            "class CloudMLService:\n"
            "    def __init__(self, model_path, latency_ms): pass\n"
            "    def infer(self, features):\n"
            "        sleep(0.25)\n"
            "        return [time()]\n"
        )
        server.answer(init())
        answer = server.answer(infer([], 1_000_000_000))
        self.assertEqual(answer["output"], [1.25])
        self.assertEqual(answer["elapsed_ns"], 250_000_000)

    def test_random_numbers_are_the_runs(self) -> None:
        text = (
            "import random\n"
            "class CloudMLService:\n"
            "    def __init__(self, model_path, latency_ms): pass\n"
            "    def infer(self, features): return [random.random()]\n"
        )

        def first(seed: int) -> Any:
            server = self.server(text)
            server.answer(init(seed=seed))
            return server.answer(infer([]))["output"]

        self.assertEqual(first(1), first(1))
        self.assertNotEqual(first(1), first(2))

    def test_results_of_any_form_become_numbers(self) -> None:
        self.assertEqual(numbers([1, 2.5]), [1.0, 2.5])
        self.assertEqual(numbers([[1, 2], [3, 4]]), [1.0, 2.0, 3.0, 4.0])
        self.assertEqual(numbers(([0.5, 0.25], 100.0)), [0.5, 0.25])  # the guide's pair
        self.assertEqual(numbers((0.75, 0.25)), [0.75, 0.25])  # two classes
        self.assertEqual(numbers(0.5), [0.5])

    def test_mistakes_are_answered_with_a_sentence(self) -> None:
        ours, theirs = socket.socketpair()
        original = Connection.open
        Connection.open = classmethod(lambda cls, address=None: cls(theirs))  # type: ignore[method-assign,assignment]
        self.addCleanup(lambda: setattr(Connection, "open", original))
        raised = []

        def body() -> None:
            try:
                serve(self.server(GUIDE))
            except Exception as error:
                raised.append(error)

        thread = threading.Thread(target=body)
        thread.start()
        ours.sendall(json.dumps(init(version=2)).encode() + b"\n")
        with ours.makefile("rb") as file:
            answer = json.loads(file.readline())
        thread.join(5)
        ours.close()
        self.assertEqual(answer["type"], "ERROR")
        self.assertIn("this SDK xedgesim-inference version 1", answer["message"])
        self.assertEqual(len(raised), 1)

    def test_a_file_without_the_class_is_refused(self) -> None:
        with self.assertRaisesRegex(SystemExit, "has no class CloudMLService"):
            load(self.script("x = 1\n"), VirtualTime())

    @unittest.skipIf(importlib.util.find_spec("torch") is None, "PyTorch is missing: scripts/setup --with torch")
    def test_the_built_in_service_runs_torchscript(self) -> None:
        server = Server(CloudMLService, VirtualTime())
        answer = server.answer(init(model=str(MODEL), classes=["a", "b", "c", "d"]))
        self.assertEqual(answer["macs"], 16 * 32 + 32 * 16 + 16 * 4)
        scores = server.answer(infer([0.5] * 16))["output"]
        self.assertEqual(len(scores), 4)
        self.assertEqual(server.answer(infer([0.5] * 16))["output"], scores)


if __name__ == "__main__":
    unittest.main()
