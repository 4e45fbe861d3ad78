"""How far a run has come, and why it may end before its last epoch."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Literal

Status = Literal["finished", "early_stop", "time_limit", "interrupted"]


class SampleFault(Exception):
    """A sample that breaks the contract of its data set, found while training."""


@dataclass(slots=True)
class Progress:
    """Where a run stands: all of it goes into a checkpoint.

    ``loss_sum`` and ``seen`` are those of the epoch so far; ``seconds`` count all sessions of the run.
    """

    step: int = 0
    seconds: float = 0.0
    loss_sum: float = 0.0
    seen: int = 0
    broken: int = 0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    best_loss: float = 0.0

    def improves(self, accuracy: float, loss: float) -> bool:
        """Whether this is better than the best so far: more accurate, or as accurate with less loss."""
        return (accuracy, -loss) > (self.best_accuracy, -self.best_loss)


@dataclass(slots=True)
class Stop:
    """A wish to end, set by a signal and looked at between steps."""

    requested: bool = False
    _signals: tuple[signal.Signals, ...] = field(default=(signal.SIGINT, signal.SIGTERM))

    @contextmanager
    def listening(self) -> Iterator[Stop]:
        """Takes SIGINT and SIGTERM as wishes while the run lasts; the second one of a kind ends it at once."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {each: signal.signal(each, self._request) for each in self._signals}
        try:
            yield self
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
