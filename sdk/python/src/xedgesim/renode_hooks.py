# Loaded into Renode by `include`: its Monitor turns functions called mc_NAME into commands NAME. Runs in Renode's own
# Python (IronPython), not in this package's.
from Antmicro import Renode

_seen = []


def _hex(data):
    return "".join("%02x" % int(b) for b in data)


def mc_xs_watch_uart(name, device):
    uart = clr.Convert(device, Renode.Peripherals.UART.IUART)

    def on_char(byte):
        if _seen and _seen[-1][0] == "uart" and _seen[-1][1] == name:
            _seen[-1][2].append(byte)
        else:
            _seen.append(("uart", name, [byte]))

    uart.CharReceived += on_char


def mc_xs_watch_radio(name, device):
    radio = clr.Convert(device, Renode.Peripherals.Wireless.IRadio)

    def on_frame(sender, data):
        _seen.append(("radio", name, list(data)))

    radio.FrameSent += on_frame


def mc_xs_inject(name, device, text):
    radio = clr.Convert(device, Renode.Peripherals.Wireless.IRadio)
    data = [int(text[i : i + 2], 16) for i in range(0, len(text), 2)]
    radio.ReceiveFrame(System.Array[System.Byte](data), None)


def mc_xs_drain():
    for kind, name, data in _seen:
        print("xs-%s %s %s" % (kind, name, _hex(data)))
    del _seen[:]
