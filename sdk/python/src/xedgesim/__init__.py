"""Participants of an xedgesim run: devices whose behaviour is a Python class."""

from .participant import Frame, Node, Participant, Sent, run
from .protocol import PROTOCOL, VERSION, Connection, ProtocolError
from .units import quantity

__all__ = [
    "Connection",
    "Frame",
    "Node",
    "PROTOCOL",
    "Participant",
    "ProtocolError",
    "Sent",
    "VERSION",
    "quantity",
    "run",
]
