"""What the commands about training have in common: their errors, as findings or as sentences."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.cli.findings import show_on_stderr
from archdsl.cli.refusal import CommandError
from archdsl.diagnostics.sink import Sink
from archdsl.driver.api import ArchError, RunError
from archdsl.driver.recipe import SettingError


def answered(work: Callable[[], int]) -> int:
    """Does the work; findings that it ends with are shown, and the exit code is 1.

    :raises CommandError: where a run folder cannot be used, or a library is missing.
    """
    try:
        return work()
    except ArchError as error:
        sink = Sink()
        sink.extend(error.findings)
        show_on_stderr(sink, error.sources)
        return 1
    except (RunError, SettingError, LookupError) as error:
        raise CommandError(str(error)) from None
    except ModuleNotFoundError as error:
        raise CommandError(f"training needs {error.name}: pip install 'archdsl[train]'") from None
