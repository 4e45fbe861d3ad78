"""``make trust N=100000 MINUTES=60``: random and exhaustive checks of the compiler, over as many sittings as it takes.

Each part goes on where the last sitting ended; ``build/trust/figures.json`` keeps the figures. What fails is made
small and written to ``build/trust/found``. Exit 1 where anything disagrees.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tests.trust import rule_mutants
from tests.trust.figures import Figures
from tests.trust.parts import PARTS
from tests.trust.sitting import Died, Sitting

FIGURES = Path("build/trust/figures.json")


def main() -> int:
    """Runs what is still missing, and prints the figures of all sittings."""
    options = _options()
    figures = Figures.load(options.figures, options.seed) if not options.fresh else Figures(options.seed)
    parts = [part for part in PARTS if not options.parts or part.name in options.parts]
    sitting = Sitting(figures, parts, options.programs, options.figures)
    died = ""
    try:
        sitting.run(options.jobs, options.minutes)
    except Died as error:
        died = f"\n{error}"
    finally:
        sitting.say_nothing_more()
        print(f"{figures.table()}{died}\n{rule_mutants.figures()}")
    return int(bool(figures.wrong or died))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.trust", description=__doc__)
    parser.add_argument("--programs", type=int, default=2_000, help="in all, those of earlier sittings included")
    parser.add_argument("--minutes", type=float, default=0, help="of this sitting; 0: until all is done")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", default="trust", help="another one is another campaign")
    parser.add_argument("--parts", nargs="*", choices=[part.name for part in PARTS], metavar="PART")
    parser.add_argument("--fresh", action="store_true", help="forget earlier sittings")
    parser.add_argument("--figures", type=Path, default=FIGURES)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
