"""Makes a plan of a training run: recipe, network and data set brought together, and held to each other.

Nothing here needs torch: a plan is made, and refused, before anything is started.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.diagnostics.sink import Sink
from archdsl.documents.recipe import Network, Recipe
from archdsl.driver.api import ArchError, Built, Path, build
from archdsl.driver.recipe import WrittenRecipe, read_recipe
from archdsl.source.loader import DiskLoader, Refusal, find_root
from archdsl.source.source import Source
from archdsl.train.contract import Parties, check_contract
from archdsl.train.data.kinds import Shape, data_set
from archdsl.train.data.samples import DataSet, UnusableData
from archdsl.train.fit import fitted, image_input, logits, stated_size, target_size
from archdsl.train.processes import processes_of_run

CLASSES = "classes"
"""The parameter of a network that follows the data."""

_ANY_SHAPE = (1, 8, 8)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """All that a run needs, proven to fit: the network, the resolved recipe, the data set.

    ``recipe`` has a number in the place of every ``auto``, but for ``mean`` and ``std``, which need the samples.
    """

    built: Built
    recipe: Recipe
    written: WrittenRecipe
    data: DataSet
    warnings: tuple[Diagnostic, ...]

    @property
    def network(self) -> str:
        """The name of the network."""
        return self.built.typed.design.name

    @property
    def sources(self) -> Mapping[str, Source]:
        """Every text that a finding may stand in."""
        return {**self.built.sources, **self.written.sources}

    @property
    def input(self) -> Shape:
        """Channels, height and width of a sample as the network gets it."""
        channels, size = self.recipe.data.channels, self.recipe.data.size
        assert isinstance(channels, int) and isinstance(size, list)
        return channels, size[0], size[1]


def plan_training(
    path: Path, network: str | None = None, *, recipe: Path | None = None, settings: Sequence[str] = ()
) -> TrainingPlan:
    """Plans the training of a network of a file, and checks that network, data and recipe fit each other.

    ``recipe`` is a TOML file; ``settings`` such as ``"optimizer.lr=0.1"`` come before what it says. The number of
    classes is given to the network's parameter ``classes`` unless the recipe does.

    :raises ArchError: with findings about the spec, the recipe or the data; nothing was started.
    :raises LookupError: if there is no such network.
    :raises ValueError: for a setting that is not written as ``key=value``.
    :raises OSError: if a file cannot be read.

    >>> plan = archdsl.plan_training("specs/lenet.arch", settings=["epochs=3"])
    >>> plan.input
    (1, 28, 28)
    """
    written = _read(recipe, settings)
    given = written.recipe.network.arguments
    built = _build(path, network, given, written)
    try:
        data = data_set(written.recipe.data, *_wanted(built, written.recipe))
    except UnusableData as unusable:
        raise _refused([unusable_data(unusable, built, written)], built, written) from None
    classes = len(data.declaration.classes)
    arguments = built.typed.root.arguments
    if CLASSES in arguments and CLASSES not in given and arguments[CLASSES] != classes:
        given = {**given, CLASSES: classes}
        built = _build(path, network, given, written)
    recipe_given = written.recipe.model_copy(update={"network": Network(arguments=given)})
    parties = Parties(built.typed, recipe_given, written, data.declaration, data.counts(), processes_of_run())
    findings = list(check_contract(parties))
    if any(CODES[finding.code].severity == "error" for finding in findings):
        raise _refused(findings, built, written)
    return TrainingPlan(built, fitted(built.typed, recipe_given, data.declaration), written, data, tuple(findings))


def _read(path: Path | None, settings: Sequence[str]) -> WrittenRecipe:
    if path is None:
        return read_recipe(None, settings)
    shown = os.fspath(path)
    os.stat(shown)
    source = DiskLoader(find_root(shown)).load(shown)
    if isinstance(source, Refusal):
        raise OSError(f"the recipe `{shown}` cannot be used: {source.message}")
    return read_recipe(source, settings)


def _build(path: Path, network: str | None, arguments: Mapping[str, object], written: WrittenRecipe) -> Built:
    """The network with its arguments; one that it does not have is a finding in the recipe."""
    try:
        return build(path, network, arguments)
    except TypeError as error:
        place = written.span("network", "arguments")
        if place is None:
            raise
        raise ArchError.of([Diagnostic("E0803", str(error), place)], written.sources) from None


def _wanted(built: Built, recipe: Recipe) -> tuple[Shape, int]:
    """What a network takes and gives, for data that are made up to suit it."""
    image, output = image_input(built.typed), logits(built.typed)
    shape = _ANY_SHAPE
    if image is not None and isinstance(image.channels, int):
        shape = (image.channels, *(stated_size(recipe) or target_size(built.typed, image, None)))
    return shape, output[1].channels if output is not None and isinstance(output[1].channels, int) else 2


def unusable_data(unusable: UnusableData, built: Built, written: WrittenRecipe) -> Diagnostic:
    """The finding at the data set of the recipe."""
    place = written.span("data", "source") or built.typed.design.name_span
    return Diagnostic(unusable.code, str(unusable), place, help=Help(unusable.help) if unusable.help else None)


def _refused(findings: Sequence[Diagnostic], built: Built, written: WrittenRecipe) -> ArchError:
    sink = Sink()
    sink.extend(findings)
    return ArchError.of(sink, {**built.sources, **written.sources})
