"""``archdsl diff`` and ``archdsl breaking`` as they are used: exit codes, formats, and every wrong use."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.cli.formats import FOR_MACHINES, READERS
from tests.cli.support import Cli
from tests.compare.conftest import commit
from tests.compare.test_state_dict import NET
from tests.house import ROOT

EDITED = NET.replace("padding=1, bias=false", "padding=1, groups=2, bias=false")
TWO = NET + NET[NET.index("network") :].replace("network net", "network other")
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "diff.json").read_text(encoding="utf-8"))


def test_no_difference(repository: Cli) -> None:
    result = repository("diff", "net.arch", "--against", "HEAD")
    assert (result.code, result.err) == (0, "")
    assert result.out == "net   HEAD:net.arch:9 -> net.arch:9\nno difference in 1 network\n"


def test_a_line_of_a_block_is_told_once(repository: Cli) -> None:
    repository.write("net.arch", EDITED)
    result = repository("diff", "net.arch", "--against", "HEAD")
    assert result.code == 1
    assert result.out.count("groups 1 -> 2") == 1
    assert "conv1 in unit: conv groups 1 -> 2   2 uses" in result.out
    assert result.out.endswith("a checkpoint of the old net does not load\n")


def test_networks_of_a_file_and_of_two(repository: Cli) -> None:
    repository.write("two.arch", TWO)
    repository.write("edited.arch", EDITED)
    assert repository("diff", "two.arch:net", ":other").code == 0
    assert repository("diff", "two.arch:net", "edited.arch:net").code == 1
    assert repository("diff", "net.arch", "edited.arch").code == 1
    gone = repository("diff", "two.arch", "net.arch")
    assert gone.code == 1
    assert "- network other" in gone.out


def test_one_edit_in_several_networks_is_told_once(repository: Cli) -> None:
    repository.write("net.arch", TWO)
    commit(repository)
    repository.write("net.arch", TWO.replace("padding=1, bias=false", "padding=1, groups=2, bias=false"))
    out = repository("diff", "net.arch", "--against", "HEAD").out
    assert out.count("groups 1 -> 2") == 1
    assert "in net, other" in out


@pytest.mark.parametrize("text", [NET, EDITED, TWO, NET.replace("[N, 3, 16, 16]", "[N, 3, H, W]")])
def test_the_document_fits_its_schema(text: str, repository: Cli) -> None:
    repository.write("net.arch", text)
    result = repository("diff", "net.arch", "--against", "HEAD", "--format", "json")
    jsonschema.validate(result.json, SCHEMA)
    assert result.json["same"] == (result.code == 0) == (text == NET)


HOSTILE = "`</details><script>@everyone [x](y) ::error::\x1b[31m \u202e ```"


def test_markdown_holds_what_files_say_in_blocks(repository: Cli) -> None:
    line = f"    relu  # {HOSTILE.replace(chr(27), '').replace(chr(0x202E), '')}\n}}"
    repository.write("net.arch", NET.replace("    relu\n}", line.replace("relu", "silu")))
    result = repository("diff", "net.arch", "--against", "HEAD", "--format", "markdown")
    assert result.code == 1
    outside, inside = list[str](), False
    for row in result.out.splitlines():
        if row.startswith("```"):
            inside = not inside
        elif not inside:
            outside.append(row)
    assert "<script>" in result.out
    assert not inside
    assert all("script" not in row and "everyone" not in row for row in outside)


BAD_USE = {
    "nothing to compare with": (("diff", "net.arch"), "name what to compare with"),
    "two files and a revision": (("diff", "net.arch", "net.arch", "--against", "HEAD"), "name one file"),
    "no such file": (("diff", "no.arch", "--against", "HEAD"), "cannot be read"),
    "no such network": (("diff", "net.arch:nat", "--against", "HEAD"), "did you mean `net`"),
    "no such revision": (("diff", "net.arch", "--against", "nowhere"), "git knows no revision `nowhere`"),
    "an option as a revision": (("diff", "net.arch", "--against=--help"), "no name of a git revision"),
    "a file that was not there": (("diff", "new.arch", "--against", "HEAD"), "there is no `new.arch` at `HEAD`"),
    "a folder": (("diff", ".", "--against", "HEAD"), "is a folder"),
    "no such format": (("diff", "net.arch", "--against", "HEAD", "--format", "xml"), "invalid choice"),
    "errors in one file": (("diff", "net.arch", "wrong.arch"), "`wrong.arch` has errors"),
    "no file": (("diff",), "required"),
    "breaking without a revision": (("breaking", "net.arch"), "--against"),
    "breaking with an unknown revision": (("breaking", "--against", "nowhere"), "git knows no revision"),
    "breaking and an unknown category": (("breaking", "--against", "HEAD", "--category", "X"), "there is no category"),
    "breaking and a missing path": (("breaking", "no.arch", "--against", "HEAD"), "neither now nor at `HEAD`"),
    "two outputs to one place": (("breaking", "--against", "HEAD", "-o", "json", "-o", "sarif"), "2 outputs"),
    "an output outside": (("breaking", "--against", "HEAD", "-o", "json:../x.json"), "outside"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_USE.values(), ids=BAD_USE)
def test_wrong_use(case: tuple[tuple[str, ...], str], repository: Cli) -> None:
    repository.write("new.arch", NET)
    repository.write("wrong.arch", NET.replace("relu", "rleu"))
    arguments, sentence = case
    result = repository(*arguments)
    assert result.code == 2
    assert sentence in result.err
    assert result.out == "" or arguments[0] == "breaking"


def test_outside_of_a_repository(repository: Cli) -> None:
    (repository.folder / ".git").rename(repository.scratch.parent / "git")
    for command in ("diff", "breaking"):
        result = repository(command, "net.arch", "--against", "HEAD")
        assert result.code == 2
        assert "lies in no git repository" in result.err


def test_a_file_with_errors_at_the_revision(repository: Cli) -> None:
    repository.write("net.arch", NET.replace("relu", "rleu"))
    commit(repository)
    repository.write("net.arch", NET)
    for command in ("diff", "breaking"):
        result = repository(command, "net.arch", "--against", "HEAD")
        assert result.code == 2
        assert "error[E0201]" in result.err
        assert "`HEAD:net.arch` has errors" in result.err


def test_a_file_with_errors_now(repository: Cli) -> None:
    repository.write("net.arch", NET.replace("relu", "rleu"))
    result = repository("breaking", "--against", "HEAD", "--format", "concise")
    assert result.code == 1
    assert "E0201" in result.out
    assert "E09" not in result.out


def test_an_expectation_that_fails_is_no_obstacle(repository: Cli) -> None:
    repository.write("net.arch", EDITED.replace("    output", "    expect params == 1\n    output"))
    assert repository("diff", "net.arch", "--against", "HEAD").code == 1
    assert "E0901" in repository("breaking", "--against", "HEAD").out


def test_breaking_in_order(repository: Cli) -> None:
    result = repository("breaking", "--against", "HEAD")
    assert (result.code, result.out, result.err) == (0, "1 file, 1 network: no findings\n", "")


def test_networks_and_files_that_are_gone(repository: Cli) -> None:
    repository.write("old.arch", NET.replace("network net", "network old"))
    repository.write("net.arch", TWO)
    commit(repository)
    (repository.folder / "old.arch").unlink()
    repository.write("net.arch", NET)
    result = repository("breaking", "--against", "HEAD", "--format", "concise")
    assert result.code == 1
    assert "net.arch:1:1: error[E0903] the network `other` is gone" in result.out
    assert "old.arch:1:1: error[E0903] the network `old` is gone" in result.out
    assert repository("breaking", "old.arch", "--against", "HEAD").code == 1


def test_a_network_that_needs_an_argument_now(repository: Cli) -> None:
    repository.write("net.arch", NET.replace("classes: int = 10", "classes: int"))
    result = repository("breaking", "--against", "HEAD")
    assert "it is no network by itself any more: it needs `classes`" in result.out


def test_new_files_break_nothing(repository: Cli) -> None:
    repository.write("new.arch", NET.replace("network net", "network new"))
    result = repository("breaking", "--against", "HEAD")
    assert (result.code, result.err) == (0, "new.arch is new since HEAD\n")


@pytest.mark.parametrize(
    ("category", "code"), [("STATE_DICT", 0), ("semantics", 1), ("SHAPE,API", 0), ("STATE_DICT,SEMANTICS", 1)]
)
def test_categories(category: str, code: int, repository: Cli) -> None:
    repository.write("net.arch", NET.replace("    relu\n}", "    silu\n}"))
    assert repository("breaking", "--against", "HEAD", "--category", category).code == code


@pytest.mark.parametrize("form", READERS)
def test_every_format_has_the_place(form: str, repository: Cli) -> None:
    repository.write("net.arch", EDITED)
    result = repository("breaking", "--against", "HEAD", "--format", form)
    assert result.code == 1
    assert READERS[form](result.out)[0] == ("net.arch", 3, 16, "E0901")


@pytest.mark.parametrize("form", FOR_MACHINES)
def test_a_run_that_fails_is_a_document_too(form: str, repository: Cli) -> None:
    result = repository("breaking", "--against", "nowhere", "--format", form)
    assert result.code == 2
    READERS[form](result.out)


def test_a_network_that_is_too_long(repository: Cli) -> None:
    repository.write("net.arch", NET.replace("    body: {", "    repeat 100_001 { relu }\n    body: {"))
    for command in ("diff", "breaking"):
        result = repository(command, "net.arch", "--against", "HEAD")
        assert result.code == 2
        assert "100,000 can be compared" in result.err
