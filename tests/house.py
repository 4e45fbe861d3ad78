"""Rules of the house that need a look at the syntax tree; each takes a module's text and returns what breaks the rule.

Used by test_imports.py and test_house.py, which try every rule on faulty text first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "archdsl"

GENERATED = {"archdsl.syntax._tables"}
"""Data that a program wrote: no rule about size or layout concerns it."""

DEVELOPMENT_TOOLS = {"archdsl.syntax.build"}
"""Programs that write into the package while it is developed; an import contract keeps the rest away from them."""

MAY_DO_IO = (
    "archdsl.__main__",
    "archdsl.source.loader",
    "archdsl.cli",
    "archdsl.lsp",
    "archdsl.train",
    "archdsl.report",
)
MAY_IMPORT_TORCH = ("archdsl.train",)
MAY_IMPORT_IN_FUNCTIONS = ("archdsl.cli", "archdsl.driver")
MAY_IMPORT_THE_API = ("archdsl.cli", "archdsl.lsp", "archdsl.train")
DESIGNS_ONLY = ("archdsl.check", "archdsl.analysis", "archdsl.codegen", "archdsl.report")

IO_FUNCTIONS = {"open", "print", "input", "exit", "quit"}
IO_METHODS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir"}
IO_OF_SYS = {"exit", "stdin", "stdout", "stderr"}
IO_OF_OS = {"_exit", "remove", "replace", "rename", "makedirs", "system", "popen"}
TENSOR_LIBRARIES = {"torch", "torchvision", "torchdata", "timm", "numpy"}


@dataclass(frozen=True)
class Module:
    """One module of the package: its dotted name, its file and its tree."""

    name: str
    path: Path
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def line_count(self) -> int:
        return len(self.text.splitlines())

    @property
    def public(self) -> bool:
        return not any(part.startswith("_") for part in self.name.split("."))


def modules() -> list[Module]:
    """Every module of the package that a person wrote."""
    return [module for module in map(_module, sorted(PACKAGE.rglob("*.py"))) if module.name not in GENERATED]


def _module(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, path, path.read_text(encoding="utf-8"))


def is_part_of(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of the packages or lies inside one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def io_uses(name: str, text: str) -> list[str]:
    """Files, standard streams and the end of the process, outside the parts that may touch them."""
    if is_part_of(name, MAY_DO_IO) or name in DEVELOPMENT_TOOLS:
        return []
    return [f"line {line}: {what}" for line, what in _io(ast.parse(text))]


def _io(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=function)) if function in IO_FUNCTIONS:
                yield node.lineno, f"{function}("
            case ast.Call(func=ast.Attribute(attr=method)) if method in IO_METHODS:
                yield node.lineno, f".{method}("
            case ast.Attribute(value=ast.Name(id="sys"), attr=attribute) if attribute in IO_OF_SYS:
                yield node.lineno, f"sys.{attribute}"
            case ast.Attribute(value=ast.Name(id="os"), attr=attribute) if attribute in IO_OF_OS:
                yield node.lineno, f"os.{attribute}"
            case ast.ImportFrom(module="sys" | "os" as module, names=names):
                for alias in names:
                    if alias.name in IO_OF_SYS | IO_OF_OS:
                        yield node.lineno, f"from {module} import {alias.name}"
            case ast.Name(id="SystemExit"):
                yield node.lineno, "SystemExit"
            case _:
                pass


def imported(node: ast.AST) -> list[str]:
    """The dotted names that a statement or a call imports; ``from a import b`` gives ``a`` and ``a.b``."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names):
            return [module, *(f"{module}.{alias.name}" for alias in names)]
        case ast.Call(
            func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(module)), *_],
        ):
            return [module]
        case _:
            return []


def tensor_imports(name: str, text: str) -> list[str]:
    """Imports of torch and its like outside ``archdsl.train``, wherever in the file and however spelled."""
    if is_part_of(name, MAY_IMPORT_TORCH):
        return []
    return [
        f"line {getattr(node, 'lineno', 0)}: {module}"
        for node in ast.walk(ast.parse(text))
        for module in imported(node)[:1]
        if module.partition(".")[0] in TENSOR_LIBRARIES
    ]


def function_imports(name: str, text: str) -> list[str]:
    """Imports inside functions: they hide circles. ``cli`` and ``driver`` have them for start-up time."""
    if is_part_of(name, MAY_IMPORT_IN_FUNCTIONS):
        return []
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    lines = {
        getattr(node, "lineno", 0): module
        for function in functions
        for node in ast.walk(function)
        for module in imported(node)[:1]
    }
    return [f"line {line}: {module}" for line, module in sorted(lines.items())]


def type_checking_blocks(name: str, text: str) -> list[str]:
    """Every mention of ``TYPE_CHECKING``: a circle that only the type checker sees is a circle."""
    return [
        f"line {node.lineno}: TYPE_CHECKING"
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Name) and node.id == "TYPE_CHECKING")
        or (isinstance(node, ast.Attribute) and node.attr == "TYPE_CHECKING")
    ]


def syntax_imports(name: str, text: str) -> list[str]:
    """Imports of the syntax by parts that see Designs only, the packages' own ``__init__`` included."""
    if not is_part_of(name, DESIGNS_ONLY):
        return []
    found = {module for node in ast.walk(ast.parse(text)) for module in imported(node)}
    return sorted(module for module in found if is_part_of(module, ("archdsl.syntax", "archdsl.resolve")))


def api_imports(name: str, text: str) -> list[str]:
    """Imports of ``archdsl`` itself, the public API, from a part that lies below it."""
    if name == "archdsl" or is_part_of(name, MAY_IMPORT_THE_API):
        return []
    return [module for node in ast.walk(ast.parse(text)) for module in imported(node)[:1] if module == "archdsl"]
