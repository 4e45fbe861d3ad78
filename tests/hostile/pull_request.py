"""A pull request as a stranger may write it: links out, devices, pipes, files without end, names as commands, code."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from tests.cli.support import GOOD

SECRET = "TOP-SECRET-1"
COMMANDS = ("$(touch pwned)", "`touch pwned`", ";touch pwned;", "--fix", "-o json:pwned", "a\nb", "-")
"""Names of files that a careless shell would run, or a careless command take for its options."""
MODULES = "secrets .folder.key ..secrets.key ...etc.passwd .out .device .pipe .loop .sparse os"
LINKS = {
    "out.arch": "../secrets/key.arch",
    "folder": "../secrets",
    "loop.arch": "loop.arch",
    "ping.arch": "pong.arch",
    "pong.arch": "ping.arch",
    "device.arch": "/dev/zero",
    "random.arch": "/dev/urandom",
    "tty.arch": "/dev/tty",
    "mem.arch": "/proc/self/mem",
    "environ.arch": "/proc/self/environ",
    "nowhere.arch": "/nonexistent/a.arch",
    "result.py": "../secrets/victim.py",
}
PYTHON = ("__init__", "archdsl", "sitecustomize", "lark", "json", "torch", "conftest", "setup")


def write_world(world: Path) -> None:
    """``secrets`` outside, ``tree`` the pull request."""
    secrets, tree = world / "secrets", world / "tree"
    secrets.mkdir()
    (secrets / "key.arch").write_text(f"block stolen() {{ relu }}  # {SECRET}\n")
    (secrets / "victim.py").write_text("precious = 1\n")
    (tree / ".git").mkdir(parents=True)
    for name, target in LINKS.items():
        (tree / name).symlink_to(target)
    os.mkfifo(tree / "pipe.arch")
    _make_socket(tree / "socket.arch")
    _write_files(tree)


def _make_socket(place: Path) -> None:
    here = os.getcwd()
    os.chdir(place.parent)  # the path of a socket has to be short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(place.name)
    os.chdir(here)


def _write_files(tree: Path) -> None:
    (tree / "folder.arch").mkdir()
    (tree / "folder.arch" / "inner.arch").write_text("block inner() { relu }\n")
    with open(tree / "sparse.arch", "wb") as stream:
        stream.truncate(1 << 40)
    (tree / "large.arch").write_bytes(b"#" * (1 << 20) + b"#")
    (tree / "full.arch").write_bytes(b"? " * (1 << 19))
    (tree / "closed.arch").write_text(GOOD)
    (tree / "closed.arch").chmod(0)
    for number, module in enumerate(MODULES.split()):
        (tree / f"import{number}.arch").write_text(f"from {module} import stolen\n{GOOD}")
    for name in COMMANDS:
        (tree / f"{name}.arch").write_text(GOOD.replace("relu", "rleu"))
    for name in PYTHON:
        (tree / f"{name}.py").write_text("open('pwned', 'w')\n")
    (tree / "archdsl.toml").write_text('format = "github"\n')
    (tree / "code.arch").write_text(GOOD.replace("10", "__import__('os').system('touch pwned')"))
    (tree / "docs.arch").write_text('## """\n## import os; os.system("touch pwned")\n' + GOOD)


def state_of(world: Path) -> list[tuple[str, int, int]]:
    """Every file with the time of its last change and its mode; links are not followed."""
    return [(str(path), path.lstat().st_mtime_ns, path.lstat().st_mode) for path in sorted(world.rglob("*"))]
