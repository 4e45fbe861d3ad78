"""Random edits judged twice: by the comparison, and by torch. ``python -m tests.compare.campaign --edits 1000``."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from random import Random

from archdsl.compare.breaking import Category, breaks
from archdsl.compare.difference import compare
from tests.compare.edits import edited
from tests.compare.support import side, truth
from tests.networks.support import ROOT

SUBJECTS = (
    ("lenet.arch", "lenet", 28),
    ("mlp.arch", None, 28),
    ("resnet_cifar.arch", None, 32),
    ("squeezenet.arch", "squeezenet1_1", 64),
    ("shufflenet_v2.arch", "shufflenet_v2_x0_5", 64),
    ("mobilenet_v2.arch", "mobilenet_v2", 64),
)


def judged(file: str, network: str | None, size: int, random: Random) -> str | None:
    """One edit of a spec; the kind of agreement, None where it has no network any more.

    :raises AssertionError: where torch and the comparison disagree.
    """
    old = (ROOT / "specs" / file).read_text(encoding="utf-8")
    old = "\n".join(line for line in old.splitlines() if "expect" not in line or "{" in line)
    new = edited(old, random)
    return judged_texts(unexpected(old), unexpected(new), network, size)


def unexpected(text: str) -> str:
    """A text without expectations: an edit changes the figures."""
    return re.sub(r"\bexpect [^\n}]*", "", text)


def judged_texts(old: str, new: str, network: str | None, size: int) -> str | None:
    """As ``judged``."""
    before, after = side(old, network, "old.arch"), side(new, network, "new.arch")
    if before is None or after is None or old == new:
        return None
    if after.design.design.name != before.design.design.name:
        return None
    found = breaks(before.design.design.name, compare(before, after))
    kinds = {each.category for each in found}
    real = truth(before, after, size)
    shown = f"{sorted(kind.name for kind in kinds)} {real}\n{new}"
    assert (Category.STATE_DICT in kinds) == (not real.loads), shown
    if not real.runs:
        assert Category.SHAPE in kinds, shown
    if real.loads and real.runs and not real.equal:
        assert Category.SEMANTICS in kinds, shown
    if not kinds - {Category.API}:
        assert real.equal, shown
    return "+".join(sorted(kind.name for kind in kinds)) + (" (equal)" if real.equal else "")


def main() -> None:
    """Runs edits, and counts the kinds of agreement."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    for number in range(options.edits):
        random = Random(f"{options.seed}:{number}")
        file, network, size = random.choice(SUBJECTS)
        try:
            counts[judged(file, network, size, random) or "no network"] += 1
        except AssertionError as error:
            counts["DISAGREE"] += 1
            print(number, file, str(error)[:150], flush=True)
    for kind, count in counts.most_common():
        print(f"{count:6}  {kind}")


if __name__ == "__main__":
    main()
