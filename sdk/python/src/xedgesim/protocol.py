"""The line protocol: one JSON object a line, xedgesim asks, the participant answers each with DONE."""

from __future__ import annotations

import json
import os
import socket
from typing import Any, Callable, Dict, Optional

PROTOCOL = "xedgesim-external"
VERSION = 1

Message = Dict[str, Any]


class ProtocolError(Exception):
    """xedgesim sent something this SDK does not understand, or is gone."""


class Connection:
    """A connected socket that carries messages."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._file = sock.makefile("rb")

    @classmethod
    def open(cls, address: Optional[str] = None) -> "Connection":
        """Connects to unix:PATH or tcp:HOST:PORT; without one to $XEDGESIM_SOCKET, which xedgesim sets."""
        address = address or os.environ.get("XEDGESIM_SOCKET")
        if not address:
            raise ProtocolError("XEDGESIM_SOCKET is not set: start this program by xedgesim, or give an address")
        kind, _, rest = address.partition(":")
        if kind == "unix":
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.connect(rest)
        elif kind == "tcp":
            host, _, port = rest.rpartition(":")
            sock = socket.create_connection((host, int(port)))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            raise ProtocolError(f"{address!r} is no address: write unix:PATH or tcp:HOST:PORT")
        return cls(sock)

    def receive(self) -> Optional[Message]:
        """The next message; None when xedgesim has closed the connection."""
        line = self._file.readline()
        if not line:
            return None
        try:
            message = json.loads(line)
        except ValueError as error:
            raise ProtocolError(f"a line is no JSON: {error}") from error
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise ProtocolError("a message has no type")
        return message

    def send(self, message: Message) -> None:
        self._socket.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def converse(answer: Callable[[Message], Message], address: Optional[str] = None) -> None:
    """Answers each message until xedgesim says SHUTDOWN or is gone. An exception is told to it and raised again."""
    connection = Connection.open(address)
    try:
        while True:
            message = connection.receive()
            if message is None:
                return
            try:
                reply = answer(message)
            except Exception as error:
                # xedgesim ends the run with this sentence; the trace goes to the log.
                connection.send({"type": "ERROR", "message": f"{type(error).__name__}: {error}"})
                raise
            connection.send(reply)
            if message["type"] == "SHUTDOWN":
                return
    finally:
        connection.close()
