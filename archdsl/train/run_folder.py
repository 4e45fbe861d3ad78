"""A run folder: what was trained, how, on what, and what came out.

run.json         what this folder is           recipe.toml      the recipe, complete
spec/            the .arch files               network.py       the code that is trained
metrics.jsonl    a line for each epoch         sessions.jsonl   a line for each start: versions, machine
checkpoints/     last (to go on), best         confusion.json   of the best epoch
report.html      to look at; with loss.svg, accuracy.svg, confusion.svg made from the files above
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from torch import nn

from archdsl import __version__
from archdsl.documents.run import RunDocument
from archdsl.driver.api import RunError
from archdsl.driver.toml import toml_text
from archdsl.report.charts import confusion_matrix
from archdsl.report.training import RunData, accuracy_chart, loss_chart, training_page
from archdsl.source.loader import STD_PREFIX, find_root
from archdsl.train.files import append_line, write_text
from archdsl.train.load import executed, instance
from archdsl.train.plan import TrainingPlan

RUNS = "runs"
Row = dict[str, Any]
"""A line of metrics.jsonl."""


class NoRun(RunError):
    """Why a folder is no run folder, or cannot become one."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of one run."""

    path: str

    def file(self, *names: str) -> str:
        """The path of something in the folder."""
        return os.path.join(self.path, *names)

    @property
    def last(self) -> str:
        """The checkpoint to go on from."""
        return self.file("checkpoints", "last.safetensors")

    @property
    def best(self) -> str:
        """The weights of the best epoch."""
        return self.file("checkpoints", "best.safetensors")

    @property
    def recipe(self) -> str:
        """The complete recipe."""
        return self.file("recipe.toml")

    def document(self) -> RunDocument:
        """What the folder says of itself.

        :raises NoRun: where it is no run folder.
        """
        try:
            with open(self.file("run.json"), encoding="utf-8") as stream:
                return RunDocument.model_validate_json(stream.read())
        except OSError:
            raise NoRun(f"`{self.path}` is no run folder: it has no run.json") from None
        except ValueError:
            raise NoRun(f"`{self.path}` is no run folder of this version of archdsl: see its run.json") from None

    def code(self) -> str:
        """The generated source."""
        with open(self.file("network.py"), encoding="ascii") as stream:
            return stream.read()

    def load_module(self) -> ModuleType:
        """The generated source as a module. It is code: a run folder is to be trusted like a program.

        :raises NoRun: where it is not the file that was generated.
        """
        code, document = self.code(), self.document()
        if digest_of(code) != document.digest:
            raise NoRun(f"`{self.file('network.py')}` was changed after the run began")
        return executed(code, document.network, self.file("network.py"))

    def make_model(self) -> nn.Module:
        """The network with fresh weights, made by the code in the folder.

        :raises NoRun: as ``load_module``.
        """
        document = self.document()
        arguments = {name: tuple(v) if isinstance(v, list) else v for name, v in document.arguments.items()}
        return instance(getattr(self.load_module(), document.network), arguments)

    def rows(self) -> list[Row]:
        """The lines of metrics.jsonl; what a killed process left of a line is no line."""
        try:
            with open(self.file("metrics.jsonl"), encoding="utf-8") as stream:
                return [json.loads(line) for line in stream.read().split("\n")[:-1]]
        except FileNotFoundError:
            return []

    def add_row(self, row: Row) -> None:
        """Adds a line to metrics.jsonl."""
        append_line(self.file("metrics.jsonl"), json.dumps(row))

    def drop_rows_after(self, step: int) -> None:
        """Takes away what was written after the step from which the run goes on."""
        kept = [json.dumps(row) + "\n" for row in self.rows() if row["step"] <= step]
        write_text(self.file("metrics.jsonl"), "".join(kept))

    def add_session(self, session: Mapping[str, Any]) -> None:
        """Tells of one start of the run."""
        append_line(self.file("sessions.jsonl"), json.dumps(session))


def write_report(run: RunFolder) -> None:
    """Writes the pictures and the page of a run from the files of its folder."""
    document, rows = run.document(), run.rows()
    with open(run.recipe, encoding="utf-8") as stream:
        recipe = stream.read()
    confusion = None
    if os.path.exists(run.file("confusion.json")):
        with open(run.file("confusion.json"), encoding="utf-8") as stream:
            confusion = json.load(stream)
        write_text(run.file("confusion.svg"), confusion_matrix(confusion, document.classes))
    if rows:
        write_text(run.file("loss.svg"), loss_chart(rows))
        write_text(run.file("accuracy.svg"), accuracy_chart(rows))
    title = os.path.basename(os.path.abspath(run.path))
    data = RunData(document.network, title, document.classes, rows, confusion, recipe, run.code())
    write_text(run.file("report.html"), training_page(data))


def create_run(plan: TrainingPlan, path: str | None) -> RunFolder:
    """A new run folder, whole from the start; without a path it is the next free number in ``runs/``.

    :raises NoRun: where there is something at the path already.
    """
    chosen = path or _next_free(plan.network)
    if os.path.lexists(chosen) and not (os.path.isdir(chosen) and not os.listdir(chosen)):
        raise NoRun(f"`{chosen}` is there already: name a new folder, or go on with --resume")
    aside = f"{chosen.rstrip('/')}.{os.getpid()}.tmp"
    os.makedirs(os.path.join(aside, "checkpoints"))
    try:
        _fill(RunFolder(aside), plan)
        os.rename(aside, chosen)
    except BaseException:
        shutil.rmtree(aside)
        raise
    return RunFolder(chosen)


def _fill(run: RunFolder, plan: TrainingPlan) -> None:
    code = plan.built.source
    document = RunDocument(
        archdsl=__version__,
        network=plan.network,
        spec=_copy_specs(run, plan),
        arguments=plan.recipe.network.arguments,
        digest=digest_of(code),
        input=list(plan.input),
        classes=list(plan.data.declaration.classes),
    )
    write_text(run.file("network.py"), code)
    write_text(run.recipe, toml_text(plan.recipe.model_dump()))
    write_text(run.file("run.json"), document.model_dump_json(indent=2) + "\n")


def _copy_specs(run: RunFolder, plan: TrainingPlan) -> str:
    """Copies the .arch files as they lie in their project; gives the place of the network's own."""
    root = find_root(plan.built.path)
    places: dict[str, str] = {}
    for path, source in plan.built.sources.items():
        if path.startswith(STD_PREFIX):
            continue
        inside = os.path.relpath(os.path.realpath(path), root)
        places[path] = os.path.join("spec", inside)
        os.makedirs(os.path.dirname(run.file("spec", inside)), exist_ok=True)
        write_text(run.file("spec", inside), source.text)
    write_text(run.file("spec", "archdsl.toml"), "# The root of this copy: imports stay inside.\n")
    return places[plan.built.path].replace(os.sep, "/")


def digest_of(code: str) -> str:
    """What identifies a network: its generated source."""
    return hashlib.sha256(code.encode("ascii")).hexdigest()


def is_same_network(first: str, second: str) -> bool:
    """Whether two generated sources are the same program, whatever their comments and docstrings say."""
    return first == second or _program(first) == _program(second)


def _program(code: str) -> str:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


def _next_free(network: str) -> str:
    number = 1
    while os.path.lexists(os.path.join(RUNS, f"{network}-{number}")):
        number += 1
    return os.path.join(RUNS, f"{network}-{number}")
