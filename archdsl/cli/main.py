"""The command line: finds the command, runs it, and turns whatever happens into 0, 1 or 2.

0: clean. 1: findings. 2: wrong usage, files that cannot be read or written, interruption, or a fault of
archdsl itself. No outcome is a traceback, unless ``ARCHDSL_DEBUG`` is set.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

from archdsl import __version__
from archdsl.cli import terminal
from archdsl.cli.refusal import CommandError

DESCRIPTION = "Check neural network architectures written in .arch files, and compile them to PyTorch."
EPILOG = """\
examples:
  archdsl check specs/                                      is everything right?
  archdsl summary specs/resnet.arch -n resnet50             the layer table
  archdsl compile specs/resnet.arch -n resnet50 -o net.py   write PyTorch

`archdsl COMMAND --help` tells more. Exit codes: 0 clean, 1 findings, 2 usage, files, internal errors.
"""


COMMANDS = {
    "breaking": "fail where a checkpoint, an input or a constructor of an earlier version no longer fits",
    "check": "check every network of every file",
    "compile": "write PyTorch",
    "diff": "show what changed between two networks, two files, or two versions of a file",
    "fmt": "lay files out in the one style",
    "evaluate": "measure the best weights of a run",
    "explain": "tell what a code means, with an example and its repair",
    "networks": "list every network: its inputs and outputs, and what it lets you choose",
    "predict": "name the class of images by the best weights of a run",
    "sizes": "show the input sizes that a network accepts, and the lines that decide it",
    "summary": "show a network's layers: shapes, weights, multiply-adds, receptive fields",
    "train": "train a network, by default on embedded images of digits",
}
"""Every command with what it does; its module is loaded only when it is the one to run."""


class Command(Protocol):
    """What the module of a command offers."""

    EXAMPLES: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's arguments."""

    def run(self, options: argparse.Namespace) -> int:
        """Does the work; gives the exit code."""


def load_command(name: str) -> Command:
    """The module of a command; ``KeyError`` for a name that is none."""
    match name:
        case "breaking":
            from archdsl.cli import breaking

            return breaking
        case "check":
            from archdsl.cli import check

            return check
        case "compile":
            from archdsl.cli import compile as compile_

            return compile_
        case "diff":
            from archdsl.cli import diff

            return diff
        case "fmt":
            from archdsl.cli import fmt

            return fmt
        case "evaluate":
            from archdsl.cli import evaluate

            return evaluate
        case "explain":
            from archdsl.cli import explain

            return explain
        case "networks":
            from archdsl.cli import networks

            return networks
        case "predict":
            from archdsl.cli import predict

            return predict
        case "sizes":
            from archdsl.cli import sizes

            return sizes
        case "summary":
            from archdsl.cli import summary

            return summary
        case "train":
            from archdsl.cli import train

            return train
    raise KeyError(name)


class Parser(argparse.ArgumentParser):
    """argparse without abbreviations, whose messages show no control characters."""

    def __init__(self, **settings: object) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Usage and what is wrong with it, on standard error; ends with 2."""
        terminal.remark(self.format_usage())
        terminal.complain(message)
        raise WrongUsage(message)


class WrongUsage(SystemExit):
    """The end of a run whose command line makes no sense; why is told already."""

    def __init__(self, sentence: str) -> None:
        super().__init__(2)
        self.sentence = sentence


LASTING = frozenset({"evaluate", "predict", "train"})
"""Commands that run for long, and make circles of objects all the time."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line given (by default the process's own); gives the exit code, never raises."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    terminal.prepare_streams()
    collects = gc.isenabled()
    if LASTING.isdisjoint(given[:1]):
        gc.disable()  # a short run makes few circles, and looking for them takes a third of the time of a long one
    try:
        code = _run(given)
        terminal.show_pending()
        return code
    except BrokenPipeError:
        return _give_up_output()
    except KeyboardInterrupt:
        return _ended(given, "interrupted")
    except CommandError as error:
        return _ended(given, str(error))
    except OSError as error:
        if os.environ.get("ARCHDSL_DEBUG"):
            raise
        return _ended(given, f"{error.filename or 'input or output'}: {error.strerror or error}")
    except Exception as error:
        if os.environ.get("ARCHDSL_DEBUG"):
            raise
        return _ended(given, _fault(error))
    finally:
        if collects:
            gc.enable()


def _run(given: list[str]) -> int:
    try:
        options = _parser(given[0] if given else "").parse_args(given)
        run: Callable[[argparse.Namespace], int] = options.run
    except WrongUsage as end:
        _report_failure(given, end.sentence)
        return 2
    except SystemExit as end:  # --help and --version
        return end.code if isinstance(end.code, int) else 2
    return run(options)


def _parser(chosen: str) -> Parser:
    parser = Parser(prog="archdsl", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"archdsl {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, purpose in COMMANDS.items():
        if name != chosen:
            commands.add_parser(name, help=purpose)
            continue
        command = load_command(name)
        sub = commands.add_parser(name, help=purpose, description=_sentence(purpose), epilog=command.EXAMPLES)
        command.configure(sub)
        sub.set_defaults(run=command.run)
    return parser


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _ended(given: list[str], sentence: str) -> int:
    """Tells why the command ended early; what ``check`` prints for machines is a document even then."""
    try:
        terminal.complain(sentence)
        _report_failure(given, sentence)
        terminal.show_pending()
    except OSError:
        return _give_up_output()
    return 2


def _report_failure(given: list[str], sentence: str) -> None:
    if given[:1] in (["check"], ["breaking"]):
        from archdsl.cli.check import report_failure

        report_failure(given[1:], sentence)


def _fault(error: Exception) -> str:
    kind = type(error).__name__
    text = str(error)[:200]
    return (
        f"a fault of archdsl itself ({kind}{': ' if text else ''}{text})\n"
        "please report it with the file that causes it\n"
        "the same command with ARCHDSL_DEBUG=1 shows where it happened"
    )


def _give_up_output() -> int:
    """Nobody reads any more: what is still held back must not fail once more when the program ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        except (OSError, ValueError, AttributeError):
            continue
    return 2
