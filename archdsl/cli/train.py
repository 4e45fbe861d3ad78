"""``archdsl train``: trains a network, or goes on with a run."""

from __future__ import annotations

import argparse
import os
import sys

import archdsl
from archdsl.cli import terminal
from archdsl.cli.choose import choose_network, open_file
from archdsl.cli.findings import show_on_stderr
from archdsl.cli.refusal import CommandError
from archdsl.cli.runs import answered
from archdsl.diagnostics.sink import Sink
from archdsl.driver.toml import toml_text

EXAMPLES = """\
examples:
  archdsl train specs/lenet.arch                           on the embedded digits, into runs/lenet-1
  archdsl train specs/resnet.arch -n resnet18 --epochs 10 --lr 0.001
  archdsl train model.arch --recipe recipe.toml --set augment.flip=0.5 --run runs/flipped
  archdsl train model.arch --data folder:images --dry-run  check that all fits, and show the recipe
  archdsl train --resume runs/lenet-1                      go on from its last checkpoint
  torchrun --nproc-per-node 2 -m -- archdsl train specs/lenet.arch

Network, data and recipe are held against each other before anything starts: what does not fit is an error with its
place, and the exit code is 1. SIGTERM and Ctrl-C end a run with a checkpoint, and the exit code is 2.
"""

_SHORTCUTS = {
    "data": "data.source",
    "epochs": "epochs",
    "batch": "batch",
    "lr": "optimizer.lr",
    "seed": "seed",
    "device": "device",
    "precision": "precision",
}
"""Options that stand for a setting of the recipe."""

_INTERRUPTED = "interrupted"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("file", metavar="FILE", nargs="?", help="the .arch file (not needed with --resume)")
    parser.add_argument("-n", "--network", metavar="NETWORK", help="which network (default: the only one)")
    parser.add_argument("--recipe", metavar="FILE", help="a recipe: TOML, as in the run folder's recipe.toml")
    parser.add_argument(
        "--data", metavar="SOURCE", help="digits, synthetic, folder:PATH, torchvision:NAME, hf:NAME or module:function"
    )
    for name, setting in list(_SHORTCUTS.items())[1:]:
        parser.add_argument(f"--{name}", metavar="VALUE", help=f"the recipe's {setting}")
    parser.add_argument("--deterministic", action="store_true", help="the same bits each time")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any setting of the recipe")
    parser.add_argument(
        "--run", dest="folder", metavar="DIR", help="the run folder to make (default: runs/NETWORK-1, -2 ...)"
    )
    parser.add_argument("--resume", metavar="DIR", help="go on with the run in this folder")
    parser.add_argument("--allow-outside", action="store_true", help="let DIR lie outside the working directory")
    parser.add_argument("--dry-run", action="store_true", help="only check, and show the recipe that would be used")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the result (default: text)")


def run(options: argparse.Namespace) -> int:
    """Trains, and shows the result; or shows the findings that stand in the way.

    :raises CommandError: where options contradict each other, or a folder cannot be used.
    """
    _check_options(options)
    return answered(lambda: _resume(options) if options.resume else _train(options))


def _check_options(options: argparse.Namespace) -> None:
    if not options.file and not options.resume:
        raise CommandError("name a FILE to train, or a run to go on with: --resume DIR")
    settings = [name for name in (*_SHORTCUTS, "recipe") if getattr(options, name) is not None]
    settings += ["run"] * bool(options.folder)
    settings += ["set"] * bool(options.set) + ["deterministic"] * options.deterministic + ["dry-run"] * options.dry_run
    if options.resume and settings:
        raise CommandError(f"a run that goes on keeps its recipe and its folder: leave out --{settings[0]}")
    here = os.path.join(os.path.realpath(os.getcwd()), "")
    if options.folder and not os.path.realpath(options.folder).startswith(here) and not options.allow_outside:
        raise CommandError(f"`{options.folder}` lies outside the working directory; --allow-outside writes there")


def _train(options: argparse.Namespace) -> int:
    path, compilation = open_file(options.file)
    design = choose_network(compilation, path, options.network)
    if design is None:
        show_on_stderr(compilation.sink, compilation.sources)
        return 1
    if options.recipe and not os.path.isfile(options.recipe):
        raise CommandError(f"`{options.recipe}` is no file that can be read")
    plan = archdsl.plan_training(path, design.name, recipe=options.recipe, settings=_settings(options))
    warnings = Sink()
    warnings.extend(plan.warnings)
    show_on_stderr(warnings, plan.sources)
    if options.dry_run:
        terminal.show(toml_text(plan.recipe.model_dump()))
        return 0
    return _report(archdsl.train(plan, run=options.folder, log=sys.stderr), options.format)


def _resume(options: argparse.Namespace) -> int:
    if options.file:
        open_file(options.file)
    return _report(archdsl.resume(options.resume, options.file, options.network, log=sys.stderr), options.format)


def _settings(options: argparse.Namespace) -> list[str]:
    """The settings of the command line as ``key=value``; --set comes before the options that stand for a setting."""
    stated = {setting: getattr(options, name) for name, setting in _SHORTCUTS.items()}
    settings = [f"{setting}={value}" for setting, value in stated.items() if value is not None]
    return [*settings, *["deterministic=true"] * options.deterministic, *options.set]


def _report(result: archdsl.TrainingResult, form: str) -> int:
    """Shows what came of a run, once where it had several processes."""
    if result.rank == 0:
        if form == "json":
            terminal.show(result.document().model_dump_json() + "\n")
        else:
            figures = ", ".join(f"{name} {value:.4f}" for name, value in result.metrics.items())
            terminal.show(f"{result.run}: {result.status.replace('_', ' ')}{': ' if figures else ''}{figures}\n")
        if result.status == _INTERRUPTED:
            terminal.remark(f"go on with: archdsl train --resume {result.run}\n")
    return 2 if result.status == _INTERRUPTED else 0
