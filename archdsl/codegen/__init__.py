"""From a checked network to PyTorch source that a person could have written."""

from archdsl.codegen.emit import HEADER, emit
from archdsl.codegen.refusal import Refused

__all__ = ["HEADER", "Refused", "emit"]
