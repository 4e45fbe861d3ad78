"""archdsl: a language for neural network architectures, and its compiler.

    import archdsl

    archdsl.check("specs/resnet.arch").ok                        # is everything right?
    archdsl.summarize("specs/resnet.arch", "resnet50").totals    # weights, multiply-adds, depth
    archdsl.compile("specs/resnet.arch", "resnet50")             # PyTorch, as text
    archdsl.load("specs/resnet.arch", "resnet50", classes=10)    # an nn.Module (this one needs torch)
    archdsl.format_source("block b(){relu}")                     # a text in the one style
    archdsl.train(archdsl.plan_training("specs/lenet.arch"))     # a run folder (this one, too)

Specifications with errors raise ``archdsl.ArchError``. Importing the package loads none of this: each name
is loaded when it is first used.
"""

import sys
from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

__all__ = [
    "ArchError",
    "CheckResult",
    "RunError",
    "TrainingPlan",
    "TrainingResult",
    "__version__",
    "check",
    "compile",
    "evaluate_run",
    "format_source",
    "load",
    "plan_training",
    "predict_images",
    "resume",
    "summarize",
    "train",
]

_HOMES = {
    "ArchError": "archdsl.driver.api",
    "CheckResult": "archdsl.driver.api",
    "check": "archdsl.driver.api",
    "compile": "archdsl.driver.api",
    "format_source": "archdsl.driver.api",
    "RunError": "archdsl.driver.api",
    "TrainingPlan": "archdsl.train.plan",
    "TrainingResult": "archdsl.train.command",
    "load": "archdsl.train.load",
    "plan_training": "archdsl.train.plan",
    "evaluate_run": "archdsl.train.judge",
    "predict_images": "archdsl.train.judge",
    "resume": "archdsl.train.command",
    "summarize": "archdsl.driver.api",
    "train": "archdsl.train.command",
}


def __getattr__(name: str) -> object:
    """Loads a name of the public API when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """The public API, loaded or not."""
    return sorted({*globals(), *__all__})


class _CallablePackage(ModuleType):
    """A subpackage such as ``archdsl.check``, which can be called like the function of that name."""

    def __call__(self, *arguments: object, **named: object) -> object:
        name = self.__name__.rpartition(".")[2]
        return getattr(import_module(_HOMES[name]), name)(*arguments, **named)


class _Package(ModuleType):
    """This package. Once ``archdsl.check`` is imported, Python binds its name here in place of the function."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _HOMES and isinstance(value, ModuleType):
            value.__class__ = _CallablePackage
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
