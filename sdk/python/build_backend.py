"""Builds the wheel of this package (PEP 517, PEP 660) with the standard library alone, so that `pip install sdk/python`
needs no network and nothing but pip."""

import base64
import hashlib
import os
import re
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.join(HERE, "src", "xedgesim")


def _project(key: str) -> str:
    with open(os.path.join(HERE, "pyproject.toml"), encoding="utf-8") as file:
        found = re.search(rf'^{key} = "(.*)"$', file.read(), re.MULTILINE)
    assert found, key
    return found.group(1)


def _metadata() -> str:
    with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    return (
        f"Metadata-Version: 2.1\nName: {_project('name')}\nVersion: {_project('version')}\n"
        f"Summary: {_project('description')}\nLicense: Apache-2.0\n"
        f"Requires-Python: {_project('requires-python')}\nDescription-Content-Type: text/markdown\n\n{readme}"
    )


def _modules() -> "dict[str, bytes]":
    out = {}
    for name in sorted(os.listdir(PACKAGE)):
        if name.endswith((".py", ".typed")):
            with open(os.path.join(PACKAGE, name), "rb") as file:
                out[f"xedgesim/{name}"] = file.read()
    return out


def _write_wheel(folder: str, files: "dict[str, bytes]") -> str:
    stem = f"{_project('name')}-{_project('version')}"
    info = f"{stem}.dist-info"
    files = dict(files)
    files[f"{info}/METADATA"] = _metadata().encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: xedgesim\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = ""
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    wheel = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _write_wheel(wheel_directory, _modules())


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _write_wheel(wheel_directory, {"xedgesim.pth": os.path.dirname(PACKAGE).encode() + b"\n"})


def build_sdist(sdist_directory, config_settings=None):
    stem = f"{_project('name')}-{_project('version')}"
    archive = f"{stem}.tar.gz"
    with tarfile.open(os.path.join(sdist_directory, archive), "w:gz") as out:
        for name in ("pyproject.toml", "build_backend.py", "README.md"):
            out.add(os.path.join(HERE, name), f"{stem}/{name}")
        for name in _modules():
            out.add(os.path.join(HERE, "src", name), f"{stem}/src/{name}")
    return archive
