"""The product behind ``archdsl networks``: what each network takes, gives and lets one choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archdsl.analysis.digest import digests
from archdsl.analysis.sizes import open_symbols
from archdsl.documents.base import JsonValue
from archdsl.documents.networks import (
    Network,
    NetworkDigests,
    NetworkInput,
    NetworkOutput,
    NetworkParameter,
    NetworksDocument,
)
from archdsl.driver.compilation import Compilation
from archdsl.ir.design import BlockValue, Design
from archdsl.ir.dim import SizeSet
from archdsl.ir.kinds import Value
from archdsl.ir.typed import TypedDesign


def networks_document(compilations: Iterable[tuple[str, Compilation]]) -> NetworksDocument:
    """The networks of files, each with the compilation that read it; faulty ones with what is known of them."""
    networks = [
        _network(path, compilation, design)
        for path, compilation in compilations
        for design in compilation.designs(path)
    ]
    return NetworksDocument(networks=networks)


def _network(path: str, compilation: Compilation, design: Design) -> Network:
    typed = compilation.typed(path, design)
    return Network(
        name=design.name,
        path=path,
        line=compilation.line(design.name_span),
        parameters=_parameters(design, typed.root.arguments if typed is not None else {}),
        inputs=_inputs(typed) if typed is not None else [],
        outputs=_outputs(typed) if typed is not None else _stated_outputs(design),
        accepted=_accepted(typed) if typed is not None and typed.complete else {},
        declared=_declared(typed) if typed is not None and typed.complete else {},
        digests=_digests(typed) if typed is not None else None,
    )


def _parameters(design: Design, values: Mapping[str, Value]) -> list[NetworkParameter]:
    fixed = {argument.name for argument in design.arguments}
    return [
        NetworkParameter(
            name=parameter.name,
            type=str(parameter.kind),
            default=as_json(values.get(parameter.name)),
            fixed=parameter.name in fixed,
        )
        for parameter in design.network.parameters
    ]


def _inputs(typed: TypedDesign) -> list[NetworkInput]:
    return [NetworkInput(name=name, shape=list(value.as_json())) for name, value in typed.inputs]


def _outputs(typed: TypedDesign) -> list[NetworkOutput]:
    return [
        NetworkOutput(name=name, shape=list(value.as_json()) if value is not None else None, when=when)
        for name, value, when in typed.outputs
    ]


def _accepted(typed: TypedDesign) -> dict[str, str]:
    everything = (SizeSet.of(True, symbol) for symbol in open_symbols(typed))
    return {sizes.symbol or "": typed.accepted.get(sizes.symbol or "", sizes).describe() for sizes in everything}


def _declared(typed: TypedDesign) -> dict[str, str]:
    return {symbol: sizes.describe() for symbol, sizes in typed.declared.items()}


def _digests(typed: TypedDesign) -> NetworkDigests | None:
    found = digests(typed)
    return NetworkDigests(computation=found.computation, weights=found.weights) if found is not None else None


def _stated_outputs(design: Design) -> list[NetworkOutput]:
    return [NetworkOutput(name=node.name, shape=None, when=node.when) for node in design.network.outputs()]


def as_json(value: Value) -> JsonValue:
    """An evaluated argument as JSON carries it: a block by its name, with the arguments that it already has."""
    if isinstance(value, BlockValue):
        given = ", ".join(f"{name}={as_json(inner)}" for name, inner in value.arguments if not name.startswith("#"))
        return f"{value.name}({given})" if given else value.name
    if isinstance(value, tuple | range):
        return [as_json(item) for item in value]
    return value if isinstance(value, int | float | str | None) else str(value)
