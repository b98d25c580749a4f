"""Each node sends a numbered frame a second to its gateway and logs what becomes of it."""

from xedgesim import Frame, Node, Participant, Sent, run

SECOND = 1_000_000_000


class Beacon(Participant):
    def start(self) -> None:
        for i, node in enumerate(self.nodes.values()):
            node.wake_at(SECOND + i * SECOND // len(self.nodes))

    def wake(self, node: Node, t_ns: int) -> None:
        number = t_ns // SECOND
        node.send(number.to_bytes(4, "big") + node.name.encode(), tag=number)
        node.energy(120.0)
        node.wake_at(t_ns + SECOND)

    def frame(self, node: Node, frame: Frame) -> None:
        node.log(f"{len(frame.payload)} bytes from {frame.source} at {frame.rssi_dbm} dBm")

    def sent(self, node: Node, sent: Sent) -> None:
        node.log(f"frame {sent.tag}: {sent.status} after {sent.transmissions} transmissions")


if __name__ == "__main__":
    run(Beacon())
