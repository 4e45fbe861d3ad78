"""Writes the pages of the reference that are made from the compiler itself: layers, standard blocks, findings.

``python -m tests.docs.reference`` writes them; test_reference.py fails where a page is not what this makes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.ir.kinds import Constraint, Parameter, Value
from archdsl.ir.types import TensorType
from archdsl.ops import FAMILIES, REGISTRY
from archdsl.ops.base import Call, Example, Op
from archdsl.ops.form import TorchExpression, TorchFunction, TorchModule, TorchOperator, TorchParameter
from archdsl.source.loader import STD_FOLDER, STD_PREFIX
from archdsl.source.source import Source
from archdsl.syntax.ast import BlockDef
from archdsl.syntax.parser import parse
from tests.docs.zoo import zoo_page
from tests.house import PACKAGE, ROOT

REMARK = "<!-- Made by `python -m tests.docs.reference`: change the source, not this page. -->\n"


# --- layers -----------------------------------------------------------------------------------------------


def layers_page() -> str:
    """Every layer kind with its parameters, by family."""
    lines = [
        REMARK,
        "# Layers\n",
        f"The {len(REGISTRY)} layers and joins of the language, by family. A parameter without a default is required.",
        "Arguments go by position or by name; `int or one int per axis` takes a number for all spatial axes or a tuple",
        "with one for each. How a layer is written stands in [the language](language.md#layers), how one is made in",
        "[add a layer](add-a-layer.md).\n",
        "The attribute is the name that a layer without a label gets in the generated module. The examples are those",
        "that the tests run against PyTorch.\n",
    ]
    for family in FAMILIES:
        lines.append(f"- {', '.join(f'[{op.name}](#{op.name})' for op in _of(family))}")
    lines.append("")
    for family in FAMILIES:
        lines += [f"## {_title(family.__name__)}\n", f"{_prose(family.__doc__ or '')}\n"]
        for op in _of(family):
            lines += _layer(op)
    return "\n".join(lines)


def _of(family: ModuleType) -> list[Op]:
    return [op for op in REGISTRY.values() if type(op).__module__ == family.__name__]


def _title(module: str) -> str:
    return module.rpartition(".")[2].replace("_", " ").capitalize()


def _layer(op: Op) -> Iterator[str]:
    yield f"### {op.name}\n"
    yield f"`{_signature(op)}`\n"
    yield f"{_prose(op.__doc__ or '')}\n"
    if op.parameters:
        yield "| parameter | type | default | must be | |\n|---|---|---|---|---|"
        yield from (_parameter(parameter) for parameter in op.parameters)
        yield ""
    attribute = f" Attribute: `{op.attribute}`." if op.inputs is not None and not op.functional else ""
    yield f"In PyTorch: {', '.join(_torch_names(op))}.{attribute}\n"
    yield from (_example(op, example) for example in op.examples)
    yield ""


def _signature(op: Op) -> str:
    braces = " { path; path }" if op.inputs is None else ""
    parts = [part.name if part.required else f"{part.name}={_value(part.default)}" for part in op.parameters]
    arguments = f"({', '.join(parts)})" if parts else ""
    return f"{op.name}{arguments}{braces}"


def _parameter(parameter: Parameter) -> str:
    default = "required" if parameter.required else f"`{_value(parameter.default)}`"
    limits = parameter.constraint.sentence if isinstance(parameter.constraint, Constraint) else ""
    return f"| `{parameter.name}` | {parameter.kind} | {default} | {limits} | {_prose(parameter.doc)} |"


def _example(op: Op, example: Example) -> str:
    call = _call(op, example)
    output = op.infer(call)
    given = ", ".join(f"{name}={_value(value)}" for name, value in example.arguments.items())
    inputs = ", ".join(_shape(shape) for shape in example.inputs)
    applied = f"{op.name}({given})" if given else op.name
    assert output is not None
    return f"- `{inputs}` → `{applied}` → `{_shape(output.shape)}`"


def _call(op: Op, example: Example) -> Call:
    arguments = {part.name: example.arguments.get(part.name, part.default) for part in op.parameters}
    return Call(op, arguments, tuple(TensorType(shape, example.channels_last) for shape in example.inputs))


def _shape(shape: tuple[object, ...]) -> str:
    return f"[{', '.join(map(str, ('N', *shape[1:])))}]"


def _torch_names(op: Op) -> list[str]:
    """``nn.Conv1d``, ``nn.Conv2d``: what the layer becomes in its examples."""
    found: dict[str, None] = {}
    for example in op.examples:
        call = _call(op, example)
        op.infer(call)
        match op.to_torch(call):
            case TorchModule(name) | TorchFunction(name):
                held = "" if "." in name else ", a class that the generated file holds"
                found[f"`{name}`{held}"] = None
            case TorchExpression(text):
                found[f"`{text}`"] = None
            case TorchParameter():
                found["`nn.Parameter`"] = None
            case TorchOperator(symbol):
                found[f"`{symbol}`"] = None
            case None:
                found["nothing"] = None
    return sorted(found)


def _value(value: Value) -> str:
    """A value as the language writes it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_value, value))})"
    if isinstance(value, str):
        return f'"{value}"'
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _prose(text: str) -> str:
    """A docstring as Markdown: one line per paragraph, code in single backquotes."""
    paragraphs = [" ".join(part.split()) for part in text.strip().split("\n\n")]
    return "\n\n".join(paragraphs).replace("``", "`").replace("|", "\\|")


# --- standard blocks --------------------------------------------------------------------------------------


def standard_blocks_page() -> str:
    """Every file of the standard library with what its blocks are for."""
    files = sorted(Path(STD_FOLDER).glob("*.arch"))
    lines = [
        REMARK,
        "# Standard blocks\n",
        "Blocks that ship with archdsl, written in the language. Import them by name; what is imported may get another",
        "name: `from std import residual as basic`. To change one, copy it into your own file.\n",
        "| block | parameters | |\n|---|---|---|",
    ]
    blocks = {file: _blocks(file) for file in files}
    lines += [
        f"| [`{name}`](#{file.stem}) | {parameters} | {_prose(doc)} |"
        for file, found in blocks.items()
        for name, parameters, doc in found
    ]
    for file, found in blocks.items():
        names = ", ".join(f"`{name}`" for name, _, _ in found)
        text = file.read_text(encoding="utf-8")
        lines += [f"\n## {file.stem}\n", f"`{STD_PREFIX}{file.name}`: {names}\n", f"```arch\n{text}```"]
    return "\n".join(lines) + "\n"


def _blocks(file: Path) -> list[tuple[str, str, str]]:
    """Name, parameters as they are written, and documentation of every block of a file."""
    source = Source(file.name, file.read_text(encoding="utf-8"))
    blocks = [item for item in parse(source, _no_finding).items if isinstance(item, BlockDef)]
    return [(block.name.text, _parameters(source, block), block.doc) for block in blocks]


def _no_finding(finding: Diagnostic) -> None:
    raise AssertionError(finding.message)


def _parameters(source: Source, block: BlockDef) -> str:
    written = (source.text[part.span.start : part.span.end] for part in block.parameters)
    return ", ".join(f"`{text}`" for text in written) or "none"


# --- findings ---------------------------------------------------------------------------------------------

FAMILY_NAMES = {
    "01": "Text and syntax",
    "02": "Names and calls",
    "03": "Shapes",
    "04": "Values",
    "05": "The contract",
    "06": "Code generation",
    "07": "The project",
    "08": "Training",
}


def findings_page() -> str:
    """Every code of the registry."""
    lines = [
        REMARK,
        "# Findings\n",
        "Every code that the commands report. `E` is an error, `W` a warning. A code never gets another meaning.",
        "Behind each is its page, with a failing example and the repair: the one that `archdsl explain E0302` shows.\n",
    ]
    for family in sorted({code[1:3] for code in CODES}):
        lines += [f"## {FAMILY_NAMES.get(family, family)}\n", "| code | name | meaning |\n|---|---|---|"]
        for code in CODES.values():
            if code.id[1:3] == family:
                page = f"../archdsl/diagnostics/explain/{code.id}.md"
                lines.append(f"| [{code.id}]({page}) | {code.slug} | {code.summary} |")
        lines.append("")
    return "\n".join(lines)


def codes_in_use() -> set[str]:
    """The codes that some module of the compiler reports, read off its string literals."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if path.name == "codes.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        literals = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
        found.update(text for text in literals if isinstance(text, str) and text in CODES)
    return found


PAGES: dict[str, Callable[[], str]] = {
    "layers.md": layers_page,
    "standard-blocks.md": standard_blocks_page,
    "findings.md": findings_page,
    "zoo.md": zoo_page,
}


def main() -> None:
    """Writes the pages."""
    for name, make in PAGES.items():
        (ROOT / "docs" / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
