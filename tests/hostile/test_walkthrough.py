"""A stranger's pull request is checked in CI: nothing of it runs, nothing outside is read or written, nobody is called.

Python's own audit events tell what the process does; strace, where it is installed, tells it once more from outside.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import GOOD
from tests.hostile.pull_request import SECRET, state_of, write_world
from tests.house import ROOT

AUDITED = """
import json, sys
log = open(sys.argv.pop(1), "w")
def plain(value):
    value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return value if isinstance(value, str | int) else repr(value)[:200]
def hook(event, arguments):
    log.write(json.dumps([event, [plain(value) for value in arguments]]) + "\\n")
from archdsl.cli.main import main
sys.addaudithook(hook)
code = main(sys.argv[1:])
log.flush()
sys.exit(code)
"""

CALLS = re.compile(r"os\.(system|exec|spawn|posix_spawn|fork|forkpty|putenv|chdir|link|symlink|kill)|subprocess\.Popen")
NETWORK = re.compile(r"(socket|urllib|http|ftplib|smtplib|sqlite3|pickle|webbrowser|pty|tempfile|shutil)\..*")
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.truncate", "os.utime")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
OWN = tuple(
    {os.path.realpath(path) for path in [*sys.path, str(ROOT), sys.base_prefix, sys.prefix, "/usr/lib"] if path}
)
READ = (".arch", ".toml")
"""All that is read of a tree."""
OUTSIDE = "/tmp/archdsl-outside.py"

Event = tuple[str, list[str | int]]
Done = subprocess.CompletedProcess[bytes]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("world").resolve()
    write_world(made)
    return made


def run(arguments: list[str], folder: Path, home: Path) -> Done:
    """With what an installed ``archdsl`` has: ``python -m`` alone looks for modules in the tree, by Python's rules."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "HOME": str(home)}
    return subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, check=False, timeout=120)


def audited(arguments: list[str], folder: Path, log: Path) -> tuple[Done, list[Event]]:
    """What a command did, and what Python heard of it. Byte code is made beforehand, as by an installation."""
    run(
        [sys.executable, "-c", "import archdsl.cli.main; archdsl.cli.main.main(['explain', 'E0101'])"],
        folder,
        log.parent,
    )
    done = run([sys.executable, "-B", "-c", AUDITED, str(log), *arguments], folder, log.parent)
    return done, [(name, told) for name, told in map(json.loads, log.read_text().splitlines())]


def accused(events: list[Event], tree: Path, *, may_write: tuple[str, ...] = ()) -> list[Event]:
    """Events that a hostile tree must not cause."""
    return [event for event in events if not is_innocent(event, tree, may_write)]


def is_innocent(event: Event, tree: Path, may_write: tuple[str, ...]) -> bool:
    name, arguments = event
    path = os.path.abspath(tree / str(arguments[0])) if arguments else ""
    if name == "open" and isinstance(arguments[0], str):
        if isinstance(arguments[2], int) and arguments[2] & WRITES:
            return path.startswith(may_write) if may_write else False
        real = os.path.realpath(path)
        return real.startswith(OWN) or (real.startswith(f"{tree}/") and real.endswith(READ))
    if name == "compile" and arguments[1:] == ["<unknown>"]:
        return True  # ast.parse: the compiler reads its code once more
    if name in ("exec", "compile"):
        return any(own in str(arguments) for own in (*OWN, "<frozen", "<string>", "<module>"))
    if name in CHANGES:
        return path.startswith(may_write) if may_write else False
    return CALLS.fullmatch(name) is None and NETWORK.fullmatch(name) is None


COMMANDS = {
    "check": ["check", "--no-cache"],
    "check for a service": ["check", "--no-cache", "--format", "sarif"],
    "fmt": ["fmt", "--check"],
    "networks": ["networks"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_touched_and_nothing_runs(name: str, world: Path, tmp_path: Path) -> None:
    before = state_of(world)
    done, events = audited(COMMANDS[name], world / "tree", tmp_path / "log")
    assert done.returncode in (1, 2), done.stderr
    assert b"Traceback" not in done.stderr
    assert sum(event == "open" for event, _ in events) > 20, "the hook hears something"
    assert accused(events, world / "tree") == []
    assert SECRET.encode() not in done.stdout + done.stderr
    assert state_of(world) == before


def test_the_pull_request_as_a_whole_ends_with_1(world: Path, tmp_path: Path) -> None:
    """Findings, not a failure: what cannot be read is found in the tree like any other mistake."""
    done, _ = audited(["check", "--no-cache", "--format", "json"], world / "tree", tmp_path / "log")
    found = {(finding["path"], finding["code"]) for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1
    wanted = (
        "pipe E0109, socket E0109, loop E0109, sparse E0106, large E0106, code E0102, import1 E0213, import2 E0213, "
    )
    wanted += "import3 E0213, import4 E0213, import5 E0213, import6 E0214, --fix E0201, - E0201"
    pairs = [pair.split() for pair in wanted.split(", ")]
    assert {(f"{path}.arch", code) for path, code in pairs} - found == set()
    assert not {path for path, _ in found} & {"out.arch", "device.arch", "random.arch", "mem.arch", "folder/key.arch"}


@pytest.mark.parametrize(
    "target", ["result.py", "folder/new.py", "../secrets/new.py", OUTSIDE, "pipe.arch", "folder.arch"]
)
def test_code_goes_nowhere_else(target: str, world: Path, tmp_path: Path) -> None:
    before = state_of(world)
    done, events = audited(["compile", "docs.arch", "-o", target], world / "tree", tmp_path / "log")
    assert done.returncode == 2
    assert accused(events, world / "tree") == []
    assert state_of(world) == before
    assert not os.path.lexists(OUTSIDE)


def test_code_is_written_where_it_was_asked_for(world: Path, tmp_path: Path) -> None:
    tree = tmp_path.resolve() / "tree"
    tree.mkdir()
    shutil.copy(world / "tree" / "docs.arch", tree)
    done, events = audited(["compile", "docs.arch", "-o", "net.py"], tree, tmp_path / "log")
    assert done.returncode == 0, done.stderr
    assert accused(events, tree), "what writes is heard"
    assert accused(events, tree, may_write=(f"{tree}/net.py", f"{tree}/.net.py.")) == []
    assert sorted(path.name for path in tree.iterdir()) == ["docs.arch", "net.py"]


@pytest.mark.parametrize(
    "event",
    [
        ("open", ["/etc/passwd", "r", 0]),
        ("open", ["pwned", "w", os.O_WRONLY]),
        ("open", ["archdsl.py", "r", 0]),
        ("open", ["out.arch", "r", 0]),
        ("subprocess.Popen", ["touch"]),
        ("os.system", ["touch pwned"]),
        ("socket.connect", ["a"]),
        ("os.remove", ["docs.arch"]),
        ("exec", ["<code object f at 0x1, file tree/archdsl.py>"]),
    ],
)
def test_the_audit_can_accuse(event: Event, world: Path) -> None:
    assert accused([event], world / "tree") == [event]


def test_what_vanishes_meanwhile_is_an_answer(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.arch").write_text(GOOD)
    remover = (
        f"import os, time\nfor n in range(39, -1, -1):\n    os.unlink('{tmp_path}/%d.arch' % n)\n    time.sleep(0.004)"
    )
    with subprocess.Popen([sys.executable, "-c", remover]):
        done = run([sys.executable, "-m", "archdsl", "check", "--no-cache"], tmp_path, tmp_path)
    assert done.returncode in (0, 1, 2)
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed; the audit above is always made")
def test_seen_from_outside(world: Path, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    calls = "execve,fork,vfork,clone,socket,connect,unlink,rename,mkdir,symlink,link,chmod,truncate"
    seen = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace=open,openat,creat,{calls}"]
    done = run([*seen, sys.executable, "-B", "-m", "archdsl", "check", "--no-cache"], world / "tree", tmp_path)
    if not log.exists() or "openat" not in log.read_text():
        pytest.skip("strace may not look at processes here")
    assert done.returncode == 1
    told = log.read_text().splitlines()
    assert [call for call in told if re.search(rf" ({calls.replace(',', '|')})\(", call)][1:] == [], (
        "but for Python itself"
    )
    assert [call for call in told if re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", call)] == []
    assert [call for call in told if "secrets" in call and "= -1" not in call] == []
