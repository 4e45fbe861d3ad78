"""Files at a git revision: what is read, what is refused, and that nothing of a stranger's repository runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archdsl.source.git import GitError, RevisionLoader, files_at, find_revision
from archdsl.source.loader import MAX_FILE, Refusal
from archdsl.source.source import Source
from tests.cli.support import Cli
from tests.compare.conftest import commit, git
from tests.compare.test_state_dict import NET

IMPORTING = """\
from .part import part

network n() {
    input image: [N, 3, 8, 8]
    part()
    output y: [N, 3, 8, 8]
}
"""

NO_COMMITS = ("", "-x", "--output=x", "HEAD:net.arch", ":/a", "no-such", "HEAD~9", "a\nb", "x" * 5000, "HEAD^{tree}")

PROGRAMS = """core.fsmonitor core.pager core.editor core.sshCommand core.askPass diff.external diff.evil.textconv
filter.evil.smudge filter.evil.process credential.helper gpg.program""".split()
"""Options of a repository that name programs."""

VARIABLES = ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_CONFIG_PARAMETERS", "GIT_TRACE", "GIT_EXTERNAL_DIFF")


def loader(cli: Cli, name: str = "HEAD") -> RevisionLoader:
    return RevisionLoader(find_revision(str(cli.folder), name), str(cli.folder))


def loaded(cli: Cli, path: str) -> Source | Refusal:
    return loader(cli).load(f"HEAD:{path}")


def test_the_committed_text_is_read_not_that_on_disk(repository: Cli) -> None:
    repository.write("net.arch", "changed")
    found = loaded(repository, "net.arch")
    assert isinstance(found, Source)
    assert found.text == NET


def test_imports_are_read_at_the_revision(repository: Cli) -> None:
    repository.write("lib/part.arch", "block part() { relu }\n")
    repository.write("lib/net.arch", IMPORTING)
    commit(repository)
    repository.write("lib/part.arch", "block part() { tanh }\n")
    result = repository("diff", "lib/net.arch", "--against", "HEAD")
    assert result.code == 1
    assert "relu -> tanh" in result.out
    assert "HEAD:lib/part.arch:1" in result.out


@pytest.mark.parametrize("name", NO_COMMITS)
def test_names_that_are_no_commit(name: str, repository: Cli) -> None:
    with pytest.raises(GitError, match="revision"):
        find_revision(str(repository.folder), name)
    assert not list(repository.folder.glob("x*"))


def test_a_folder_without_a_repository(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="lies in no git repository"):
        find_revision(str(tmp_path), "HEAD")


def test_no_git(repository: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "relative:.")
    with pytest.raises(GitError, match="git is not installed"):
        find_revision(str(repository.folder), "HEAD")


def test_a_link_is_no_file(repository: Cli) -> None:
    (repository.folder / "link.arch").symlink_to("/etc/passwd")
    commit(repository)
    found = loaded(repository, "link.arch")
    assert isinstance(found, Refusal)
    assert "not a regular file" in found.message


def test_a_file_that_is_too_large_is_not_read(repository: Cli) -> None:
    repository.write("large.arch", "#" * (MAX_FILE + 1))
    commit(repository)
    found = loaded(repository, "large.arch")
    assert isinstance(found, Refusal)
    assert found.code == "E0106"


@pytest.mark.parametrize("path", ["no.arch", "net.arch/x.arch", "", "../net.arch", "*", ":(top)net.arch", "NET.ARCH"])
def test_what_is_not_there(path: str, repository: Cli) -> None:
    assert isinstance(loaded(repository, path), Refusal)


@pytest.mark.parametrize(("dots", "module"), [(2, ("x",)), (3, ("etc", "x"))])
def test_imports_stay_inside(dots: int, module: tuple[str, ...], repository: Cli) -> None:
    found = loader(repository).import_path("HEAD:net.arch", dots, module)
    assert isinstance(found, Refusal)
    assert found.code == "E0213"


def test_files_are_listed_without_hidden_ones(repository: Cli) -> None:
    for name in ("lib/a.arch", ".hidden/b.arch", "c.txt", "lib/d e\n.arch"):
        repository.write(name, "x")
    commit(repository)
    revision = find_revision(str(repository.folder), "HEAD")
    assert files_at(revision, "") == ["lib/a.arch", "lib/d e\n.arch", "net.arch"]
    assert files_at(revision, "lib") == ["lib/a.arch", "lib/d e\n.arch"]
    assert files_at(revision, "no*") == []


# --- a stranger's repository ----------------------------------------------------------------------------


def trap(cli: Cli) -> tuple[Path, str]:
    """A program that leaves a trace, and the trace."""
    trace, program = cli.scratch / "trace", cli.scratch / "trap.sh"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\ntouch {trace}\ncat\n")
    program.chmod(0o755)
    return trace, str(program)


def test_nothing_that_the_configuration_names_is_run(repository: Cli) -> None:
    trace, program = trap(repository)
    repository.write(".gitattributes", "*.arch diff=evil filter=evil\n")
    for key in PROGRAMS:
        git(repository, "config", key, program)
    git(repository, "config", "alias.ls-tree", f"!{program}")
    git(repository, "config", "core.hooksPath", str(repository.scratch))
    repository.write("net.arch", NET.replace("relu\n}", "silu\n}"))
    assert repository("diff", "net.arch", "--against", "HEAD").code == 1
    assert repository("breaking", "--against", "HEAD").code == 1
    assert not trace.exists()


def test_what_a_partial_clone_lacks_is_not_fetched(repository: Cli) -> None:
    """A missing object would make git call the remote's program."""
    trace, program = trap(repository)
    blob = git(repository, "rev-parse", "HEAD:net.arch").strip()
    os.unlink(repository.folder / ".git" / "objects" / blob[:2] / blob[2:])
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "evil",
        "remote.evil.url": f"ext::{program} %S",
        "remote.evil.promisor": "true",
        "protocol.ext.allow": "always",
        "protocol.allow": "always",
    }.items():
        git(repository, "config", key, value)
    result = repository("diff", "net.arch", "--against", "HEAD")
    assert result.code == 2
    assert not trace.exists()


def test_a_bare_repository_inside_is_not_taken_for_one(repository: Cli) -> None:
    trace, program = trap(repository)
    inner = repository.folder / "inner"
    inner.mkdir()
    git(repository, "init", "--quiet", "--bare", "inner")
    git(repository, "--git-dir", "inner", "config", "core.fsmonitor", program)
    repository.write("inner/net.arch", NET)
    result = repository("diff", "inner/net.arch", "--against", "HEAD")
    assert result.code == 2
    assert not trace.exists()


@pytest.mark.parametrize("name", VARIABLES)
def test_the_callers_variables_of_git_do_not_count(name: str, repository: Cli) -> None:
    trace, program = trap(repository)
    value = str(trace) if name == "GIT_TRACE" else program
    result = repository.with_variables(**{name: value})("diff", "net.arch", "--against", "HEAD")
    assert result.code == 0
    assert not trace.exists()
