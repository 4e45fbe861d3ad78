"""A pull request as strangers write them: whatever stands in files and in their names, no format brings it to life."""

from __future__ import annotations

import json
import re
import unicodedata
import xml.etree.ElementTree as ET

import pytest

from tests.cli.formats import READERS
from tests.cli.support import GOOD, Cli, Result
from tests.diagnostics.sarif_schema import sarif_faults

NAMES = [
    "::error::x.arch",
    "a\n::error file=x::y.arch",
    "a\r::stop-commands::t.arch",
    "##[group]x.arch",
    "##vso[task.complete].arch",
    "\x1b[2J\x1b]0;title\x07.arch",
    "\u202egpj.arch",
    "<script>alert(1)<!-- ]]>.arch",
    "[x](javascript:y).arch",
    "![x](y) ``` `a`.arch",
    "%0A::add-mask::x.arch",
    "a,line=99::b.arch",
    "&amp;'\".arch",
    "-o json:x.arch",
    "C:\\a?b#c.arch",
    "caf\u00e9 \u200b\u2028.arch",
]

TEXTS = [
    "::error::x",
    "::set-output name=a::b",
    "##[error]x",
    "##vso[task.setvariable]x",
    "<script>alert(1)</script>",
    "]]><!-- &lt; -->",
    "[x](javascript:y) ![z](w)",
    "``` ~~~ # heading",
    "%0A::error::x",
    "\\u001b[2J \\x1b",
]

CONTROLS = ["\x1b[2J", "\x07", "\u202e", "\u2066x\u2069", "\u200b", "\x9b31m", "\x00", "\u2028"]


def contents() -> list[str]:
    """Files with a mistake each, and a stranger's text wherever the language has room for text."""
    files = []
    for text in TEXTS:
        plain = text.replace("\\", "")
        files += [
            f"## {text}\n" + GOOD.replace("relu", f"rleu  # {text}"),
            GOOD.replace("relu", f'relu  # {text}\n    pad("{plain}")'),
            GOOD.replace("    flatten\n", f"    flatten  # archdsl: ignore[{plain.replace(']', '')}] {text}\n"),
            GOOD.replace("max_pool(2)", text),
            f"{text}\n",
        ]
    files += [GOOD.replace("relu", f"relu  # {text}") for text in CONTROLS]
    files += [GOOD.replace("max_pool", f"max{text}pool") for text in CONTROLS]
    return files


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Result, str]]:
    """What each format, and the summary of a step, makes of the pull request."""
    folder = tmp_path_factory.mktemp("pull") / "work"
    (folder / ".git").mkdir(parents=True)
    cli = Cli(folder, folder.parent / "scratch", folder.parent / "byte_code")
    files = contents()
    for number, text in enumerate(files):
        cli.write(f"{number:02}/{NAMES[number % len(NAMES)].replace('/', '_')}", text)
    for number, name in enumerate(NAMES):
        cli.write(f"{len(files) + number}/{name.replace('/', '_')}", GOOD.replace("relu", "rleu"))
    found = {}
    for form in READERS:
        summary = folder.parent / f"{form}.md"
        run = cli.with_variables(GITHUB_STEP_SUMMARY=str(summary))
        found[form] = run("check", "--format", form), summary.read_text() if summary.exists() else ""
    return found


@pytest.mark.parametrize("form", READERS)
def test_nothing_steers_a_screen_or_a_service(form: str, results: dict[str, tuple[Result, str]]) -> None:
    result, summary = results[form]
    assert result.code == 1
    for text in (result.out, result.err, summary):
        assert "##[" not in text
        assert "##vso[" not in text
        for char in set(text) - {"\n"}:
            assert unicodedata.category(char) not in ("Cc", "Cf", "Zl", "Zp", "Cs"), f"{char!r}"
        for line in re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text):
            ours = r"::(error|warning) file=[^,:]*,line=\d+,|::notice title=archdsl::\d+ more findings"
            assert not line.lstrip().startswith("::") or (form == "github" and re.match(ours, line)), line


def test_every_format_places_every_finding(results: dict[str, tuple[Result, str]]) -> None:
    places = {form: READERS[form](results[form][0].out) for form in ("json", "jsonl", "gitlab", "junit", "sarif")}
    count = len(places["json"])
    assert count > 60
    assert {form: len(found) for form, found in places.items()} == dict.fromkeys(places, count)
    assert [place[1:] for place in places["sarif"]] == [place[1:] for place in places["json"]]


def test_junit_holds_no_markup_of_a_stranger(results: dict[str, tuple[Result, str]]) -> None:
    text = results["junit"][0].out
    tags = {element.tag for element in ET.fromstring(text).iter()}
    assert tags == {"testsuites", "testsuite", "testcase", "failure", "system-out"}
    assert "<script" not in text
    assert "]]>" not in text
    assert "<!--" not in text


def test_sarif_is_valid_and_links_nowhere(results: dict[str, tuple[Result, str]]) -> None:
    document = json.loads(results["sarif"][0].out)
    assert sarif_faults(document) == []
    for result in document["runs"][0]["results"]:
        assert "](" not in result["message"]["text"]


def test_the_summary_is_a_heading_and_one_block(results: dict[str, tuple[Result, str]]) -> None:
    lines = results["github"][1].split("\n")
    assert lines[0].startswith("### archdsl: ")
    fence = lines[2].removesuffix("text")
    assert re.fullmatch("`{4,}", fence), "longer than what the texts hold"
    assert [number for number, line in enumerate(lines) if re.match(rf" *{fence}`* *$", line)] == [len(lines) - 2]


def test_ten_errors_are_annotated_and_all_are_counted(results: dict[str, tuple[Result, str]]) -> None:
    out = results["github"][0].out
    assert len(re.findall(r"(?m)^::error ", out)) == 10
    errors = sum(code[0] == "E" for *_, code in READERS["json"](results["json"][0].out))
    assert re.search(rf"(?m)^{errors} errors, \d+ warnings in \d+ files$", out)


# --- fingerprints -----------------------------------------------------------------------------------------------------


def test_a_finding_that_moves_keeps_its_fingerprint(cli: Cli) -> None:
    def prints(form: str) -> list[str]:
        document = cli("check", "--format", form, "--no-cache").json
        if form == "gitlab":
            return [entry["fingerprint"] for entry in document]
        return [next(iter(entry["partialFingerprints"].values())) for entry in document["runs"][0]["results"]]

    wrong = GOOD.replace("relu", "rleu").replace("linear(classes)", "linear(clases)")
    cli.write("a.arch", wrong)
    before = {form: prints(form) for form in ("gitlab", "sarif")}
    cli.write("a.arch", "# A remark.\n\nblock other() { relu }\n\n" + wrong.replace("    conv", "    tanh\n    conv"))
    assert {form: prints(form) for form in before} == before
    cli.write("a.arch", wrong.replace("rleu", "releu"))
    assert [one == other for one, other in zip(prints("sarif"), before["sarif"], strict=True)] == [False, True]
