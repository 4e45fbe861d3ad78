"""What CI runs is run here: the Action, the job for GitLab, the hooks of pre-commit."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from archdsl.cli.main import COMMANDS
from tests.cli.formats import READERS
from tests.cli.support import GOOD, UNKNOWN_LAYER
from tests.diagnostics.sarif_schema import sarif_faults
from tests.docs.pages import blocks_of, file_name
from tests.house import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}
WARNED = GOOD.replace("classes: int", "idle: int = 1, classes: int")


def snippet(name: str) -> Any:
    """A YAML file of the page, read."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    (block,) = [block for block in blocks_of("ci", page) if file_name(block) == name]
    return yaml.safe_load(block.text)


class Runner:
    """A machine of a CI service: a checkout, and programs of which `python3 -m venv` installs this archdsl."""

    def __init__(self, scratch: Path) -> None:
        self.checkout = scratch / "checkout"
        self.temp = scratch / "temp"
        programs = scratch / "bin"
        for folder in (self.checkout / ".git", self.temp, programs):
            folder.mkdir(parents=True)
        archdsl = f'#!/bin/sh\nexec "{sys.executable}" -m archdsl "$@"\n'
        self._program(programs / "archdsl", archdsl)
        self._program(programs / "pip", f'#!/bin/sh\necho "$@" >> "{self.temp}/installed"\n')
        self._program(
            programs / "python3",
            f"""#!/bin/sh
[ "$1 $2" = "-m venv" ] || exit 9
mkdir -p "$3/bin" && cp "{programs}/archdsl" "$3/bin/archdsl" && cp "{programs}/pip" "$3/bin/python"
""",
        )
        self.variables = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "XDG_CACHE_HOME": str(scratch / "cache"),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
        }

    @staticmethod
    def _program(place: Path, text: str) -> None:
        place.write_text(text)
        place.chmod(0o755)

    def write(self, name: str, text: str) -> None:
        place = self.checkout / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A step as GitHub runs it with `shell: bash`."""
        place = self.temp / "step.sh"
        place.write_text(script, encoding="utf-8")
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(place)],
            cwd=self.checkout,
            env={**os.environ, **self.variables, **variables},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=600,
        )

    def act(self, **given: str) -> subprocess.CompletedProcess[str]:
        """All steps of the Action; gives the last."""
        inputs = {name: str(value["default"]) for name, value in ACTION["inputs"].items()} | given
        done = None
        for step in ACTION["runs"]["steps"]:
            variables = {key: _evaluated(value, inputs) for key, value in step.get("env", {}).items()}
            assert "${{" not in step["run"], "an input that is pasted into a script can be commands"
            assert step["shell"] == "bash"
            done = self.run(step["run"], **variables)
            if done.returncode:
                return done
        assert done is not None
        return done


def _evaluated(text: str, inputs: Mapping[str, str]) -> str:
    match = re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", text)
    assert match is not None
    return inputs[match[1]]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


# --- GitHub -----------------------------------------------------------------------------------------------------------


def test_the_action_passes_where_nothing_is_wrong(runner: Runner) -> None:
    runner.write("models/a.arch", GOOD)
    done = runner.act()
    assert (done.returncode, done.stdout, done.stderr) == (0, "no findings in 1 file\n", "")
    assert (runner.temp / "installed").read_text().split()[-1] == str(ROOT)
    assert (runner.temp / "summary.md").read_text() == "### archdsl: no findings in 1 file\n"


def test_the_action_fails_with_annotations_and_a_summary(runner: Runner) -> None:
    runner.write("models/a.arch", UNKNOWN_LAYER)
    done = runner.act()
    assert done.returncode == 1
    assert READERS["github"](done.stdout) == [("models/a.arch", 4, 30, "E0201")]
    assert "error[E0201]" in (runner.temp / "summary.md").read_text()


def test_the_action_shows_ten_of_many_and_counts_the_others(runner: Runner) -> None:
    for number in range(13):
        runner.write(f"{number:02}.arch", UNKNOWN_LAYER)
    out = runner.act().stdout
    assert len(READERS["github"](out)) == 10
    assert "::notice title=archdsl::3 more findings stand in the log of this step" in out
    assert (runner.temp / "summary.md").read_text().count("error[E0201]") == 13


def test_the_action_takes_paths_options_and_sarif(runner: Runner) -> None:
    runner.write("models/a b.arch", WARNED)
    runner.write("old/-x.arch", UNKNOWN_LAYER)
    done = runner.act(paths="models\n\n", options="--error-on-warning\n--select\nW05\n", sarif="out.sarif")
    assert done.returncode == 1
    document = json.loads((runner.checkout / "out.sarif").read_text())
    assert sarif_faults(document) == []
    assert READERS["sarif"](json.dumps(document)) == [("models/a b.arch", 2, 15, "W0504")]
    assert runner.act(paths="models").returncode == 0


@pytest.mark.parametrize(
    "given",
    [{"paths": "$(touch hacked)"}, {"paths": "`touch hacked`; touch hacked"}, {"options": "--x\n$(touch hacked)"}],
    ids=str,
)
def test_inputs_of_the_action_are_no_commands(given: dict[str, str], runner: Runner) -> None:
    runner.write("a.arch", GOOD)
    assert runner.act(**given).returncode == 2
    assert not (runner.checkout / "hacked").exists()


def test_file_names_are_no_options_for_the_action(runner: Runner) -> None:
    runner.write("--no-config", GOOD)
    runner.write("archdsl.toml", "ignore = 7\n")
    assert READERS["github"](runner.act(paths="--no-config").stdout) == [("archdsl.toml", 1, 10, "E0703")]


def test_where_the_installation_fails_nothing_is_checked(runner: Runner) -> None:
    (Path(runner.variables["PATH"].split(":")[0]) / "python3").write_text("#!/bin/sh\nexit 3\n")
    assert runner.act().returncode == 3


@pytest.mark.parametrize("name", ["architectures.yml", "code-scanning.yml"])
def test_the_workflows_use_the_action_as_it_is(name: str) -> None:
    workflow = snippet(f".github/workflows/{name}")
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    (step,) = [step for step in job["steps"] if step["uses"].startswith("OWNER/archdsl@")]
    assert set(step["with"]) <= set(ACTION["inputs"])
    uploads = [other["with"]["sarif_file"] for other in job["steps"] if "upload-sarif" in other["uses"]]
    assert uploads == [step["with"]["sarif"] for _ in uploads]


def test_the_workflow_of_the_page_works(runner: Runner) -> None:
    (job,) = snippet(".github/workflows/architectures.yml")["jobs"].values()
    given = job["steps"][-1]["with"]
    runner.write("models/a.arch", WARNED)
    runner.write("b.arch", UNKNOWN_LAYER)
    done = runner.act(**given)
    assert done.returncode == 1
    assert READERS["github"](done.stdout) == [("models/a.arch", 2, 15, "W0504")]


# --- GitLab -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "code"), [(GOOD, 0), (UNKNOWN_LAYER, 1)], ids=["clean", "findings"])
def test_the_job_for_gitlab_writes_its_reports(text: str, code: int, runner: Runner) -> None:
    job = snippet(".gitlab-ci.yml")["architectures"]
    runner.write("models/a.arch", text)
    variables = {key: str(value) for key, value in job["variables"].items()}
    for command in (*job["before_script"], *job["script"]):
        done = runner.run(command, **variables)
    assert done.returncode == code
    assert (runner.temp / "installed").read_text() == f"install {variables['ARCHDSL']}\n"
    reports = job["artifacts"]["reports"]
    quality = (runner.checkout / reports["codequality"]).read_text()
    places = [("models/a.arch", 4, 30, "E0201")] if code else []
    assert READERS["gitlab"](quality) == places
    assert all(
        {"description", "check_name", "fingerprint", "severity", "location"} <= set(entry)
        for entry in json.loads(quality)
    )
    tests = ET.parse(runner.checkout / reports["junit"]).getroot()
    assert tests.get("failures") == str(code)
    assert job["artifacts"]["when"] == "always", "reports are wanted most where the job fails"


# --- pre-commit -------------------------------------------------------------------------------------------------------


def test_the_page_names_hooks_that_exist() -> None:
    (repository,) = snippet(".pre-commit-config.yaml")["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == ["archdsl-fmt", "archdsl-check"]
    assert set(HOOKS) == {"archdsl-fmt", "archdsl-check"}


@pytest.mark.parametrize("hook", HOOKS.values(), ids=lambda hook: str(hook["id"]))
def test_a_hook_has_what_pre_commit_needs(hook: dict[str, Any]) -> None:
    assert hook["language"] == "python"
    assert shlex.split(hook["entry"])[0] == "archdsl"
    assert re.search(hook["files"], "models/a.arch")
    assert not re.search(hook["files"], "models/a.archive")


def test_the_hook_that_checks_looks_at_everything(runner: Runner) -> None:
    """A file that is not in the commit is broken by one that is."""
    runner.write("lib.arch", "block unit(width: int) { conv(width, 1) }\n")
    runner.write("a.arch", GOOD.replace("network", "from .lib import unit\n\nnetwork", 1).replace("relu", "unit"))
    hook = HOOKS["archdsl-check"]
    assert hook["pass_filenames"] is False
    done = runner.run(hook["entry"])
    assert done.returncode == 1
    assert "error[E0203]" in done.stdout
    assert re.search(hook["files"], "archdsl.toml")


@pytest.mark.skipif("fmt" not in COMMANDS, reason="this version has no formatter")
def test_the_hook_that_formats_changes_files(runner: Runner) -> None:
    runner.write("a.arch", GOOD.replace("    conv(8, 3,", "  conv( 8,3,"))
    runner.run(f"{HOOKS['archdsl-fmt']['entry']} a.arch")
    assert (runner.checkout / "a.arch").read_text() == GOOD
