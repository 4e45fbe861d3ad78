"""`check --fix` and `--diff`: only what is certain, never half, never what somebody else has written meanwhile."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from archdsl.cli.fix import _editable
from archdsl.cli.main import main
from archdsl.diagnostics.diagnostic import Edit
from archdsl.diagnostics.fixes import edited
from tests.cli.formats import READERS
from tests.cli.support import GOOD, Cli, listing
from tests.counting import calls_of
from tests.house import ROOT

MISSPELT = GOOD.replace("relu", "rleu").replace("padding", "paddnig")
GUESSED = GOOD.replace("relu", "activation")
"""With an error that has no certain repair."""
HALF = MISSPELT.replace("linear(classes)", "linear(classes, 1, 2)")
"""With two errors that have a certain repair and one that has none."""


def text_of(cli: Cli, name: str = "a.arch") -> str:
    return (cli.folder / name).read_text(encoding="utf-8")


# --- what is repaired -------------------------------------------------------------------------------------------------

REPAIRED = {
    "a layer (E0201)": ("relu", "rleu"),
    "a parameter (E0202)": ("padding=1", "paddnig=1"),
    "a variable (E0219)": ("linear(classes)", "linear(clases)"),
    "a constant (E0219)": ("padding=1", "padding=1, bias=False"),
    "a label (E0208)": ("max_pool(2)", "stem: conv(8, 1) -> conv(stemm.channels, 1)"),
    "a size (E0222)": ("max_pool(2)", "stem: conv(8, 1) -> conv(stem.chanels, 1)"),
    "a function (E0219)": ("max_pool(2)", "conv(ronud(2.4), 1)"),
    "a comment in vain (W0704)": ("relu", "relu  # archdsl: ignore[W0319] the border"),
    "a name in a comment (W0705)": ("relu", "relu  # archdsl: ignore[unused-nam]"),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_what_is_certain_is_repaired(name: str, cli: Cli) -> None:
    right, wrong = REPAIRED[name]
    cli.write("a.arch", GOOD.replace(right, wrong, 1))
    code = name[-6:-1]
    (found,) = cli("check", "--format", "json").json["findings"]
    assert found["code"] == code
    assert found["fix"]["edits"]
    result = cli("check", "--fix", "--error-on-warning", "--no-cache")
    assert (result.code, result.out) == (0, "1 file, 1 network: no findings\n")
    assert result.err.endswith(" in 1 file\n")
    assert cli("check", "--error-on-warning").code == 0


def test_the_file_is_as_a_person_would_have_repaired_it(cli: Cli) -> None:
    cli.write("a.arch", MISSPELT)
    assert cli("check", "--fix").err == "repaired 2 findings in 1 file\n"
    assert text_of(cli) == GOOD


def test_a_repair_may_show_the_next(cli: Cli) -> None:
    cli.write(
        "a.arch", GOOD.replace("network", "from std import residuall\n\nnetwork", 1).replace("relu", "residuall(8)")
    )
    result = cli("check", "--fix")
    assert (result.code, result.err) == (0, "repaired 2 findings in 1 file\n")
    assert "from std import residual\n" in text_of(cli)
    assert " -> residual(8)\n" in text_of(cli)


COMMENTS = [
    ("relu  # archdsl: ignore[W0319] why", "relu"),
    ("relu  # a remark # archdsl: ignore[W0319] why", "relu  # a remark"),
    ("# archdsl: ignore[W0319]\n    relu", "relu"),
    ("relu  # archdsl: ignore[W0319, W0320] why", "relu"),
    ("relu  # archdsl: ignore[W0319,W0320,W0321,W0322,W0324,] why", "relu"),
    ("let idle = 2  # archdsl: ignore[W0504, W0319] why", "let idle = 2  # archdsl: ignore[W0504] why"),
    ("let idle = 2  # archdsl: ignore[W0319, W0504] why", "let idle = 2  # archdsl: ignore[W0504] why"),
    ("let idle = 2  # archdsl: ignore[W0319, W0504, W0320 ]", "let idle = 2  # archdsl: ignore[W0504 ]"),
    ("let idle = 2  # archdsl: ignore[unused-nmae]", "let idle = 2  # archdsl: ignore[unused-name]"),
]


@pytest.mark.parametrize(("before", "after"), COMMENTS)
def test_comments_lose_what_is_in_vain(before: str, after: str, cli: Cli) -> None:
    cli.write("a.arch", GOOD.replace("max_pool(2)", before))
    cli("check", "--fix")
    assert text_of(cli) == GOOD.replace("max_pool(2)", after)


def test_a_comment_that_is_the_last_line_of_a_file_goes_with_its_line(cli: Cli) -> None:
    cli.write("a.arch", GOOD + "# archdsl: ignore[W0319]")
    cli("check", "--fix")
    assert text_of(cli) == GOOD


def test_only_what_is_reported_is_repaired(cli: Cli) -> None:
    cli.write("a.arch", GOOD.replace("relu", "relu  # archdsl: ignore[W0319]"))
    before = text_of(cli)
    assert cli("check", "--fix", "--ignore", "W07").err == ""
    assert cli("check", "--fix", "--select", "W03").err == ""
    assert text_of(cli) == before
    assert cli("check", "--fix", "--select", "unused-ignore").err == "repaired 1 finding in 1 file\n"


@pytest.mark.parametrize("form", READERS)
def test_what_is_left_is_reported_in_every_format(form: str, cli: Cli) -> None:
    cli.write("a.arch", HALF)
    result = cli("check", "--fix", "--format", form)
    assert (result.code, result.err) == (1, "repaired 2 findings in 1 file\n")
    assert READERS[form](result.out) == [("a.arch", 7, 28, "E0205")]
    assert READERS[form](cli("check", "--format", form).out) == READERS[form](result.out)


@pytest.mark.parametrize("text", [GOOD, GUESSED, "", "network n() {", "\x1b"])
def test_where_nothing_is_certain_nothing_is_written(text: str, cli: Cli) -> None:
    cli.write("a.arch", text)
    before = listing(cli.folder)
    plain, fixed = cli("check", "--no-cache"), cli("check", "--fix", "--no-cache")
    assert fixed == plain
    assert listing(cli.folder) == before


# --- which files ------------------------------------------------------------------------------------------------------


def test_several_files(cli: Cli) -> None:
    for name in ("a.arch", "deep/b.arch"):
        cli.write(name, MISSPELT)
    cli.write("c.arch", GOOD)
    before = listing(cli.folder)["c.arch"]
    assert cli("check", "--fix").err == "repaired 4 findings in 2 files\n"
    assert text_of(cli, "deep/b.arch") == text_of(cli, "a.arch") == GOOD
    assert listing(cli.folder)["c.arch"] == before


def test_an_imported_file_is_changed_only_if_it_was_asked_for(cli: Cli) -> None:
    library = "block unit() {\n    rleu\n}\n"
    cli.write("lib.arch", library)
    cli.write("a.arch", GOOD.replace("network", "from .lib import unit\n\nnetwork").replace("relu", "unit"))
    assert cli("check", "--fix", "a.arch").code == 1
    assert text_of(cli, "lib.arch") == library
    result = cli("check", "--fix", "a.arch", "lib.arch")
    assert (result.code, result.err) == (0, "repaired 1 finding in 1 file\n")
    assert text_of(cli, "lib.arch") == library.replace("rleu", "relu")


def test_files_outside_the_working_directory_are_left_alone(cli: Cli, tmp_path: Path) -> None:
    outside = tmp_path / "outside.arch"
    outside.write_text(MISSPELT)
    result = cli("check", "--fix", "../outside.arch")
    assert result.code == 1
    assert result.err.startswith("not repaired: `../outside.arch` lies outside the working directory")
    assert outside.read_text() == MISSPELT
    assert cli("check", "--fix", "../outside.arch", "--allow-outside").code == 0
    assert outside.read_text() == GOOD


def test_a_link_is_followed_only_to_the_inside(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    outside = tmp_path / "outside.arch"
    outside.write_text(MISSPELT)
    (cli.folder / "out.arch").symlink_to(outside)
    cli.write("real.arch", MISSPELT)
    (cli.folder / "in.arch").symlink_to("real.arch")
    assert cli("check", "--fix", "out.arch").code != 0
    assert outside.read_text() == MISSPELT
    result = cli("check", "--fix", "in.arch", "real.arch")
    assert (result.code, result.err) == (0, "repaired 2 findings in 1 file\n")
    assert (cli.folder / "in.arch").is_symlink()
    assert text_of(cli, "real.arch") == GOOD


def test_the_library_is_never_changed(cli: Cli) -> None:
    cli.write("archdsl/std/residual.arch", MISSPELT)
    cli("check", "--fix", "archdsl/std/residual.arch")
    assert text_of(cli, "archdsl/std/residual.arch") == MISSPELT


def test_the_library_is_not_changed_where_it_is_developed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    files, _ = _editable(["archdsl/std/residual.arch", "specs/lenet.arch"], allow_outside=True)
    assert list(files.values()) == ["specs/lenet.arch"]


def test_line_ends_the_mark_and_permissions_stay(cli: Cli) -> None:
    place = cli.write("a.arch", b"\xef\xbb\xbf" + MISSPELT.replace("\n", "\r\n").encode())
    place.chmod(0o664)
    assert cli("check", "--fix").code == 0
    assert place.read_bytes() == b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert place.stat().st_mode & 0o777 == 0o664
    assert sorted(path.name for path in cli.folder.iterdir()) == ["a.arch"]


def test_a_missing_file_ends_with_2_and_the_others_are_repaired(cli: Cli) -> None:
    cli.write("a.arch", MISSPELT)
    result = cli("check", "--fix", "a.arch", "missing.arch")
    assert result.code == 2
    assert text_of(cli) == GOOD


# --- what must not happen ---------------------------------------------------------------------------------------------


@pytest.fixture
def inside(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The same folder for runs in this process."""
    monkeypatch.chdir(cli.folder)
    cli.write("a.arch", MISSPELT)
    return cli


def test_a_file_that_changes_meanwhile_is_not_overwritten(
    inside: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = GUESSED + "# written by somebody else\n"

    def slow(data: bytes, edits: Sequence[Edit]) -> bytes:
        inside.write("a.arch", theirs)
        return edited(data, edits)

    monkeypatch.setattr("archdsl.cli.fix.edited", slow)
    assert main(["check", "--fix", "--no-cache", "--format", "concise"]) == 2
    shown = capsys.readouterr()
    assert shown.err == "archdsl: error: `a.arch` has changed meanwhile, so it stays as it is\n"
    assert shown.out.startswith("a.arch:4:30: error[E0201]"), "what is reported is what is there"
    assert text_of(inside) == theirs


def test_a_file_that_changes_between_check_and_repair_is_not_touched(
    inside: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from archdsl.cli import fix

    def late(place: str) -> bytes | None:
        inside.write("a.arch", GUESSED)
        return Path(place).read_bytes()

    monkeypatch.setattr(fix, "_bytes_of", late)
    assert main(["check", "--fix", "--no-cache"]) == 2
    assert "has changed meanwhile" in capsys.readouterr().err
    assert text_of(inside) == GUESSED


def test_a_file_that_cannot_be_replaced_stays_whole(
    inside: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(old: str, new: str) -> None:
        raise PermissionError(13, "Permission denied")

    inside.write("b.arch", MISSPELT)
    monkeypatch.setattr("archdsl.cli.files.os.replace", refused)
    assert main(["check", "--fix", "--no-cache"]) == 2
    shown = capsys.readouterr()
    assert shown.err.count("cannot be written: permission denied") == 2
    assert "repaired" not in shown.err
    assert text_of(inside) == MISSPELT
    assert sorted(os.listdir(inside.folder)) == ["a.arch", "b.arch"]


def test_a_file_that_is_read_only_stays_as_it_is(cli: Cli) -> None:
    cli.write("a.arch", MISSPELT).chmod(0o444)
    result = cli("check", "--fix")
    assert result.code == 2
    assert "error[E0201]" in result.out
    assert result.err == "archdsl: error: `a.arch` is read-only, so it stays as it is\n"
    assert text_of(cli) == MISSPELT


def test_no_edit_leaves_a_file_that_cannot_be_parsed(inside: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archdsl.cli.fix.edited", lambda data, edits: data + b"}")
    inside.write("b.arch", GOOD)
    assert main(["check", "--fix", "--no-cache"]) == 1
    assert text_of(inside) == MISSPELT


def test_the_work_of_repairs_grows_with_their_number(inside: Cli) -> None:
    def calls(comments: int) -> int:
        inside.write("a.arch", GOOD.replace("relu", "relu" + "\n    # archdsl: ignore[W0319]\n    relu" * comments))
        made = calls_of(lambda: main(["check", "--fix", "--no-cache", "--format", "concise"]))
        assert "archdsl:" not in text_of(inside)
        return made

    assert calls(2_000) <= 2.1 * calls(1_000)


# --- usage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fix", "--diff"),
        ("--diff", "--format", "json"),
        ("--diff", "-o", "concise"),
        ("--fix", "-", "--format", "json"),
        ("--fix", "-", "a.arch"),
        ("--diff", "a.arch", "-"),
        ("--fix=yes",),
    ],
    ids=" ".join,
)
def test_wrong_usage_changes_nothing(arguments: tuple[str, ...], cli: Cli) -> None:
    cli.write("a.arch", MISSPELT)
    result = cli("check", *arguments, input=MISSPELT.encode())
    assert result.code == 2
    assert "archdsl: error: " in result.err
    assert text_of(cli) == MISSPELT


def test_a_faulty_configuration_changes_nothing(cli: Cli) -> None:
    cli.write("a.arch", MISSPELT)
    cli.write("archdsl.toml", "ignore = 1\n")
    assert cli("check", "--fix").code == 2
    assert text_of(cli) == MISSPELT


def test_the_format_of_the_configuration_does_not_stand_in_the_way(cli: Cli) -> None:
    cli.write("a.arch", MISSPELT)
    cli.write("archdsl.toml", 'format = "github"\n')
    assert cli("check", "--diff", "a.arch").out.startswith("--- a/a.arch\n")
