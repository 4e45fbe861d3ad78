"""``python -m archdsl``: the command line, for environments in which the ``archdsl`` script is not on the path."""

from __future__ import annotations

import sys

from archdsl.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
