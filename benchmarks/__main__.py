"""`python -m benchmarks` measures every comparison in one run and prints the table of the README."""

from __future__ import annotations

import argparse
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # CPU time of waiting threads would flatter whoever has none

from benchmarks.drivers import machine, measure, table
from benchmarks.verbs import comparisons


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each action; the fastest counts")
    parser.add_argument("--samples", type=int, default=256, help="samples of the graph")
    given = parser.parse_args()
    found = []
    for comparison in comparisons(given.samples):
        print(comparison.name, file=sys.stderr)
        found.append(measure(comparison, given.repeats))
    print(f"{machine()}\n\n{table(found)}")


if __name__ == "__main__":
    main()
