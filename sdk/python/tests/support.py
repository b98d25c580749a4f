import json
import pathlib
import socket
import threading
from typing import Any, Dict, List, Optional

from xedgesim.protocol import Connection


SCHEMA = json.loads((pathlib.Path(__file__).parents[3] / "docs" / "external.schema.json").read_text())


def validate(message: Dict[str, Any]) -> None:
    """Every message of the tests must satisfy the published schema, where jsonschema is installed."""
    try:
        import jsonschema
    except ImportError:
        return
    jsonschema.validate(message, SCHEMA)


class Peer:
    """Plays xedgesim: the other end of a participant that runs in a thread."""

    def __init__(self, run: Any) -> None:
        ours, theirs = socket.socketpair()
        self._file = ours.makefile("rb")
        self._socket = ours
        self.error: Optional[BaseException] = None
        original = Connection.open
        Connection.open = classmethod(lambda cls, address=None: cls(theirs))  # type: ignore[method-assign,assignment]
        started = threading.Event()

        def body() -> None:
            try:
                started.set()
                run()
            except BaseException as error:
                self.error = error

        self.thread = threading.Thread(target=body)
        self.thread.start()
        started.wait()
        self._restore = lambda: setattr(Connection, "open", original)

    def raw(self, data: bytes) -> Dict[str, Any]:
        self._socket.sendall(data)
        return json.loads(self._file.readline())

    def ask(self, **message: Any) -> Dict[str, Any]:
        validate(message)
        answer = self.raw(json.dumps(message).encode() + b"\n")
        validate(answer)
        return answer

    def init(self, nodes: List[Dict[str, Any]], **more: Any) -> Dict[str, Any]:
        fields = {
            "type": "INIT",
            "protocol": "xedgesim-external",
            "version": 1,
            "group": "g",
            "seed": 1,
            "duration_ns": 10**10,
            "nodes": nodes,
        }
        fields.update(more)
        return self.ask(**fields)

    def close(self) -> None:
        self._restore()
        self._file.close()
        self._socket.close()
        self.thread.join(5)
