import os
import subprocess
import sys
import tempfile
import unittest
import venv

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Install(unittest.TestCase):
    def test_pip_installs_it_without_a_network(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            try:
                venv.create(folder, with_pip=True)
            except (subprocess.CalledProcessError, SystemExit) as error:  # Debian without python3-venv exits
                self.skipTest(f"this Python makes no environment with pip (Debian: python3-venv): {error}")
            python = os.path.join(folder, "bin", "python")
            clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            pip = [python, "-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check"]
            for arguments in ([PROJECT], ["--editable", PROJECT]):
                result = subprocess.run(pip + arguments, env=clean, capture_output=True, text=True, check=False)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                where = subprocess.run(
                    [python, "-c", "import xedgesim, xedgesim.device_model; print(xedgesim.__file__)"],
                    env=clean, cwd=folder, capture_output=True, text=True, check=False)
                self.assertEqual(where.returncode, 0, where.stderr)
                inside = where.stdout.startswith(os.path.realpath(folder)) or where.stdout.startswith(folder)
                self.assertEqual(inside, arguments[0] == PROJECT, where.stdout)


if __name__ == "__main__":
    unittest.main()
