"""Environments of their own for the tools that a bench runs beside tuneset."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def home(name: str, needs: Sequence[str], place: Path) -> Path:
    """Give the folder of a tool's environment: one for each set of versions."""
    return place / name.split(maxsplit=1)[0].lower().replace("'", "") / "-".join(needs).replace("=", "")


def is_installed(name: str, needs: Sequence[str], place: Path) -> bool:
    """Install a tool unless it is there; one that cannot be installed is named and left out. No needs: it is ours."""
    if not needs:
        return True
    folder = home(name, needs, place)
    if (folder / "ready").exists():
        return True
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", *needs]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name} was not installed: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return False
    (folder / "ready").touch()
    return True
