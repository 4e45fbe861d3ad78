"""Finds the file and the network that a command is about, or says why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.cli.paths import display, why_no_file
from archdsl.cli.refusal import CommandError
from archdsl.diagnostics.suggest import closest
from archdsl.driver.compilation import Compilation
from archdsl.ir.design import Design
from archdsl.source.loader import DiskLoader, find_root


def open_file(path: str) -> tuple[str, Compilation]:
    """The display path of a file and a compilation for its project.

    :raises CommandError: where the path is no file that can be read.
    """
    problem = why_no_file(path)
    if problem is not None:
        raise CommandError(problem)
    shown = display(path)
    return shown, Compilation(DiskLoader(find_root(shown)))


def choose_networks(compilation: Compilation, path: str, name: str | None) -> list[Design]:
    """The network of that name, or every network of the file; none where errors hide what is there.

    :raises CommandError: where the file is in order but has no such network.
    """
    designs = compilation.designs(path)
    chosen = [design for design in designs if name in (None, design.name)]
    if chosen or compilation.sink.has_errors:
        return chosen
    if name is None:
        raise CommandError(f"`{path}` defines no network{_templates(compilation, path)}")
    missing = compilation.templates(path).get(name)
    if missing is not None:
        needs = ", ".join(f"`{parameter}`" for parameter in missing)
        raise CommandError(f"`{name}` is no network by itself: it needs {needs}{_listed(designs)}")
    near = closest(name, (design.name for design in designs))
    guess = f"; did you mean `{near}`?" if near else ""
    raise CommandError(f"`{path}` has no network `{name}`{guess}{_listed(designs)}")


def choose_network(compilation: Compilation, path: str, name: str | None) -> Design | None:
    """The network of that name, or the only one; None where errors hide what is there.

    :raises CommandError: as ``choose_networks``, and where a name is needed.
    """
    designs = choose_networks(compilation, path, name)
    if len(designs) > 1:
        raise CommandError(f"`{path}` has {len(designs)} networks: choose one with `-n NAME`{_listed(designs)}")
    return designs[0] if designs else None


def _listed(designs: Sequence[Design]) -> str:
    return "\n  networks: " + ", ".join(design.name for design in designs) if designs else ""


def _templates(compilation: Compilation, path: str) -> str:
    templates = compilation.templates(path)
    if not templates:
        return ""
    name, missing = next(iter(templates.items()))
    return f": `{name}` needs {', '.join(f'`{parameter}`' for parameter in missing)} to become one"
