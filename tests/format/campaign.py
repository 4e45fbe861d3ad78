"""Many generated files, beyond those of every run: ``python -m tests.format.campaign --files 2000 --first 300``."""

from __future__ import annotations

import argparse

from tests.format.support import faults_of
from tests.format.test_properties import generated


def main() -> int:
    """Formats the files; prints what went wrong with which, and how many there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    wrong = 0
    for seed in range(options.first, options.first + options.files):
        faults = faults_of(generated(seed))
        if faults:
            wrong += 1
            print(f"seed {seed}: {'; '.join(faults)}", flush=True)
    print(f"{options.files:,} files, {wrong:,} with faults")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
