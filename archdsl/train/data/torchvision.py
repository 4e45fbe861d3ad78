"""torchvision's data sets for classification: ``torchvision:CIFAR10``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from typing import Any

from archdsl.diagnostics.suggest import closest
from archdsl.documents.recipe import Data
from archdsl.train.data.pictures import opened
from archdsl.train.data.samples import DataSet, UnusableData

try:
    from torchvision import datasets
except ModuleNotFoundError as error:
    raise UnusableData(f"{error.name} is not installed", "pip install torchvision") from error
except (ImportError, RuntimeError, OSError) as error:  # built for another torch
    raise UnusableData(f"torchvision cannot be imported: {error}") from error

ROOT = "data"
"""Where the files of a set lie, unless the recipe says where."""

TRAINING, VALIDATION = ("train", "trainval"), ("val", "valid", "validation", "test")
LABELS = ("targets", "labels", "_labels")


def open_set(data: Data, name: str) -> DataSet:
    """Makes the set with torchvision's own class; its files have to be there, unless ``download`` is set.

    A class with ``train`` or ``split`` has both parts; of any other, a validation part is split off.

    :raises UnusableData: where there is no such class, its files are missing, or it is none of classes.
    """
    factory = _factory(name)
    taken = signature(factory).parameters
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in data.arguments.items()}
    if "root" in taken:
        given = {"root": data.root or ROOT, **given}
    if "download" in taken:
        given = {"download": data.download, **given}
    parts = [_first_made(name, factory, choices) for choices in _choices(data, taken, given)]
    return opened(data, parts, _classes(name, parts[0]))


def _factory(name: str) -> Callable[..., Any]:
    known = list(datasets.__all__)
    if name in known:
        factory: Callable[..., Any] = getattr(datasets, name)
        return factory
    near = closest(name, known)
    raise UnusableData(f"torchvision has no data set `{name}`", f"did you mean `torchvision:{near}`?" if near else None)


def _choices(
    data: Data, taken: Mapping[str, Parameter], given: Mapping[str, Any]
) -> Sequence[Sequence[Mapping[str, Any]]]:
    """For each part, the arguments to try in turn."""
    if "train" in taken and "train" not in given:
        return [[{**given, "train": is_training}] for is_training in (True, False)]
    if "split" in taken and "split" not in given:
        wanted = [(name,) for name in data.splits] or (TRAINING, VALIDATION)
        return [[{**given, "split": name} for name in names] for names in wanted]
    return [[given]]


def _first_made(name: str, factory: Callable[..., Any], choices: Sequence[Mapping[str, Any]]) -> Any:
    """What the class makes of the first arguments that it takes."""
    refusals: list[Exception] = []
    for arguments in choices:
        try:
            return factory(**arguments)
        except ValueError as error:  # a split that it does not have
            refusals.append(error)
        except Exception as error:
            help = "`data.download = true` fetches it" if "download=True" in str(error) else None
            raise UnusableData(f"`{name}` cannot be opened: {error}", help) from error
    raise UnusableData(f"`{name}` cannot be opened: {refusals[0]}")


def _classes(name: str, items: Any) -> list[str]:
    """The names of the classes; where the set has none, numbers up to the largest label."""
    named = getattr(items, "classes", None)
    if named is not None:
        return [" ".join(each) if isinstance(each, tuple) else str(each) for each in named]
    count = getattr(items, "num_classes", None)
    labels = next((getattr(items, key) for key in LABELS if hasattr(items, key)), ())
    if isinstance(count, int):
        return [str(number) for number in range(count)]
    try:
        return [str(number) for number in range(1 + max(map(int, labels)))]
    except (TypeError, ValueError):
        raise UnusableData(f"`{name}` is no set of pictures with a class each") from None
