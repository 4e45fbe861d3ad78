"""The project's configuration as `check` finds it: which file, what the command line says against it, its faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import GOOD, UNKNOWN_LAYER, Cli
from tests.cli.test_warnings import WARNED


@pytest.fixture
def project(cli: Cli) -> Cli:
    cli.write("a.arch", WARNED)
    return cli


def table(text: str) -> str:
    return f'[project]\nname = "x"\n\n[tool.archdsl]\n{text}\n'


# --- which file -------------------------------------------------------------------------------------------------------


def test_the_table_in_pyproject(project: Cli) -> None:
    project.write("pyproject.toml", table("error-on-warning = true"))
    assert project("check").code == 1


def test_a_file_of_its_own(project: Cli) -> None:
    project.write("archdsl.toml", "error-on-warning = true\n")
    assert project("check").code == 1


def test_pyproject_goes_first_if_it_has_the_table(project: Cli) -> None:
    project.write("archdsl.toml", "error-on-warning = true\n")
    project.write("pyproject.toml", '[project]\ndependencies = ["archdsl"]\n')
    assert project("check").code == 1
    project.write("pyproject.toml", table('select = ["W03"]'))
    assert project("check").code == 0


def test_the_nearest_project_above_counts(project: Cli) -> None:
    project.write("archdsl.toml", "error-on-warning = true\n")
    project.write("deep/er/b.arch", WARNED)
    inside = Cli(project.folder / "deep" / "er", project.scratch, project.byte_code)
    assert inside("check").code == 1
    project.write("deep/pyproject.toml", "[project]\n")
    assert inside("check").code == 0


def test_without_a_table_nothing_is_set(project: Cli) -> None:
    project.write("pyproject.toml", "[tool.archdsl-like]\nnonsense = 1\n")
    assert project("check").code == 0


# --- what it sets -----------------------------------------------------------------------------------------------------


def test_patterns_and_format(project: Cli) -> None:
    project.write("archdsl.toml", 'ignore = ["unused-name"]\n')
    assert project("check").out == "1 file, 1 network: no findings\n"
    project.write("archdsl.toml", 'format = "concise"\n')
    assert project("check").out.startswith("a.arch:2:")


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        ("error-on-warning = true", ("--no-error-on-warning",), 0),
        ("error-on-warning = false", ("--error-on-warning",), 1),
        ('ignore = ["W"]', ("--ignore", "W03", "--error-on-warning"), 1),
        ('select = ["W03"]', ("--select", "W05", "--error-on-warning"), 1),
        ("error-on-warning = true", ("--no-config",), 0),
        ("nonsense = 1", ("--no-config",), 0),
    ],
)
def test_the_command_line_goes_first(text: str, arguments: tuple[str, ...], code: int, project: Cli) -> None:
    project.write("archdsl.toml", text)
    assert project("check", *arguments).code == code


def test_the_format_of_the_command_line_goes_first(project: Cli) -> None:
    project.write("archdsl.toml", 'format = "json"\n')
    assert project("check").json["files"] == 1
    assert project("check", "--format", "concise").out.startswith("a.arch:2:")
    assert project("check", "-o", "concise").out.startswith("a.arch:2:")


def test_excluded_files_are_left_out_of_a_walk_unless_they_are_named(project: Cli) -> None:
    project.write("archdsl.toml", 'exclude = ["bad", "old/x.arch"]\n')
    for name in ("bad/b.arch", "bad/deep/c.arch", "old/x.arch", "badly/d.arch"):
        project.write(name, UNKNOWN_LAYER)
    found = project("check", "--format", "json").json
    assert [finding["path"] for finding in found["findings"] if finding["code"] == "E0201"] == ["badly/d.arch"]
    assert found["files"] == 2
    assert project("check", "bad").code == 0
    assert project("check", "bad/b.arch").code == 1
    inside = Cli(project.folder / "bad", project.scratch, project.byte_code)
    assert inside("check").code == 0


# --- faults -----------------------------------------------------------------------------------------------------------


def test_a_fault_is_shown_in_its_file_and_nothing_is_checked(project: Cli) -> None:
    project.write("b.arch", UNKNOWN_LAYER)
    project.write("pyproject.toml", table('ignore = ["W0504", "W0391"]'))
    result = project("check", "--format", "full")
    assert (result.code, result.err) == (2, "")
    assert (
        result.out
        == """\
error[E0703]: in `ignore`: there is no warning `W0391`
  --> pyproject.toml:5:20
   |
 5 | ignore = ["W0504", "W0391"]
   |                    ^^^^^^^
   |
help: did you mean `W0319`?

1 error in 1 file
"""
    )


def test_the_document_of_a_fault(project: Cli) -> None:
    project.write("archdsl.toml", "colour = 1\n")
    document = project("check", "--format", "json").json
    assert (document["files"], document["networks"]) == (0, 0)
    assert [finding["code"] for finding in document["findings"]] == ["E0702"]


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b"a = '\x00'", b"#" * (1024 * 1024 + 1)],
    ids=["not UTF-8", "binary", "too large"],
)
def test_a_configuration_that_is_no_text(content: bytes, project: Cli) -> None:
    project.write("archdsl.toml", content)
    result = project("check")
    assert (result.code, result.out) == (2, "")
    assert "archdsl.toml" in result.err


def test_a_configuration_that_leads_out_of_the_project(project: Cli, tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text("error-on-warning = true\n")
    (project.folder / "archdsl.toml").symlink_to(tmp_path / "secret.toml")
    assert project("check").code == 2


def test_a_folder_in_place_of_a_configuration(project: Cli) -> None:
    (project.folder / "archdsl.toml").mkdir()
    assert project("check").code == 2


def test_a_fault_does_not_concern_other_commands(project: Cli) -> None:
    project.write("archdsl.toml", "colour = 1\n")
    project.write("good.arch", GOOD)
    assert project("summary", "good.arch").code == 0
