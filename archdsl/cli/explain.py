"""``archdsl explain``: what a code means, a file that has it, and the repair."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from archdsl.cli import terminal
from archdsl.cli.pages import page_without_links, read_page
from archdsl.cli.refusal import CommandError
from archdsl.diagnostics.codes import CODES, Code
from archdsl.diagnostics.suggest import closest

EXAMPLES = """\
examples:
  archdsl explain E0302              what the code means, an example, its repair
  archdsl explain shape-mismatch     the same by its name
  archdsl explain W03                the codes that begin so
  archdsl explain                    all codes
"""

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("code", nargs="?", metavar="CODE", help="a code or its name; the beginning of a code lists")
    parser.add_argument("--format", choices=("text", "markdown"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Shows the page or the list.

    :raises CommandError: where there is no such code.
    """
    asked = options.code or ""
    chosen = [code for code in CODES.values() if asked.upper() == code.id or asked.lower() == code.slug]
    if not chosen:
        terminal.show(_listed(_beginning_with(asked)))
        return 0
    code = chosen[0]
    page = read_page(code.id) if options.format == "markdown" else page_without_links(code.id)
    if not page:
        raise CommandError(f"this installation lacks the page of {code.id}: {code.summary}")
    if options.format == "markdown":
        terminal.show(page)
    else:
        terminal.show("".join(f"{line}\n" for line in _as_text(page, terminal.wants_color(terminal.output()))))
    return 0


def _beginning_with(asked: str) -> list[Code]:
    found = [code for code in CODES.values() if code.id.startswith(asked.upper())]
    if not found:
        near = closest(asked, (name for code in CODES.values() for name in (code.id, code.slug)))
        guess = f"; did you mean `{near}`?" if near else ""
        raise CommandError(f"there is no code `{asked}`{guess}\n`archdsl explain` lists all")
    return found


def _listed(codes: Iterable[Code]) -> str:
    rows = list(codes)
    width = max(len(code.slug) for code in rows)
    return "".join(f"{code.id}  {code.slug:<{width}}  {code.summary}\n" for code in rows)


def _as_text(page: str, color: bool) -> Iterator[str]:
    """The page for a screen: headings bold, code indented."""
    inside = False
    for line in page.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside:
            yield f"    {line}".rstrip()
        elif line.startswith("#"):
            heading = line.lstrip("# ")
            yield f"{_BOLD}{heading}{_PLAIN}" if color else heading
        else:
            yield line
