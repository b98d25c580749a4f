"""What our machines boot with beside their image, for QEMU without us."""


def cpio(files):
    """An archive in the kernel's newc format, laid over the image's file system. Each file: path, content, mode."""
    out = b""
    for i, (name, data, mode) in enumerate([*files, ("TRAILER!!!", b"", 0)]):
        fields = [i + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        out += b"070701" + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return out


def initrd(image, host, address, commands=None):
    """The initial RAM disk in the image's folder, with the settings of a machine."""
    kept = (image / "initrd").read_bytes()
    files = [("etc/xedgesim", b"", 0o40755),
             ("etc/xedgesim/hostname", host.encode() + b"\n", 0o100644),
             ("etc/xedgesim/address", address.encode() + b"\n", 0o100644)]
    if commands:
        files.append(("etc/xedgesim/commands", commands.encode(), 0o100644))
    return kept + b"\0" * (-len(kept) % 4) + cpio(files)
