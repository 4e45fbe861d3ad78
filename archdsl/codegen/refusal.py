"""What is raised where a checked network cannot be written as one readable class per block."""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.source.span import Span


class Refused(Exception):
    """No code can be written; ``diagnostic`` says why and where."""

    def __init__(self, message: str, span: Span, help: str | None = None) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic("E0601", message, span, help=Help(help) if help else None)
