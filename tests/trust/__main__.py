"""``python -m tests.trust --programs 1000``: random programs against real torch."""

from __future__ import annotations

import argparse
import sys
import time
import traceback

import torch

from tests.trust.judge import Tally, draw, judge


def main() -> int:
    """Runs a campaign; ends with 1 where archdsl and torch disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=1_000)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tally, start = Tally(), time.perf_counter()
    for index in range(options.first, options.first + options.programs):
        seed = f"{options.seed} {index}"
        program, image = draw(seed)
        try:
            wrong = judge(program, image, tally)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}\n{program.text(4)}\n{traceback.format_exc(limit=-4)}"
        if wrong:
            tally.wrong.append(wrong)
            print(f"seed {seed!r}: {wrong}", flush=True)
    seconds = time.perf_counter() - start
    done = f"{tally.programs:,} programs, {tally.layers:,} layers, {len(tally.wrong)} disagreements in {seconds:.0f} s"
    print(f"{done}; refused on purpose: {dict(tally.stricter)}")
    return int(bool(tally.wrong))


if __name__ == "__main__":
    sys.exit(main())
