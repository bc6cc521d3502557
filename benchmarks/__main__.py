"""Measure how cemfa compares with numpy, SuperLU, dpmfa, flodym and the memory of this machine, as ratios.

Everything is taken in turn in one run, one thread each; the median of the rounds counts. Every comparison first
checks that both sides give the same numbers. `make bench` sets up the peers and runs this; README.md tells how to
read what it prints.
"""

from __future__ import annotations

import argparse
import os
import sys

# Before numpy loads: its threads would compare machines, not methods; a pinned kernel slows the side of numpy.
os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "NUMBA")})
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)

from benchmarks import peers, report
from benchmarks.contests import ISSUED, SMOKE, Sizes
from benchmarks.drivers import REPEATS


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=REPEATS, help="rounds, of which the median counts (%(default)s)")
    parser.add_argument("--only", metavar="WORD", help="contests whose name holds this word, such as 'stock'")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes: shows that everything runs, measures nothing")
    whole = f"whole runs with {ISSUED} samples of ten years instead of {Sizes.all_in}, and a comparison as the command "
    whole += "line makes it: hours, or minutes with --only comparison --repeats 3"
    parser.add_argument("--full", action="store_true", help=whole)
    parser.add_argument("--no-peers", action="store_true", help="leave out dpmfa and flodym")
    parser.add_argument("--write", action="store_true", help="write measured.md and README.md, after a whole run")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> None:
    """Measure, print, write."""
    asked = arguments(given)
    sizes = SMOKE if asked.smoke else Sizes(all_in=ISSUED, comparison=Sizes.province) if asked.full else Sizes()
    names = () if asked.no_peers else peers.NAMES
    if names and (why := peers.missing()):
        print(f"Without {' and '.join(names)}: {why}", file=sys.stderr)
        names = ()
    text = report.measured(sizes, names, repeats=asked.repeats, only=asked.only)
    print(text)
    if asked.write and (asked.smoke or asked.only or not names):
        print("Nothing written: the README shows whole runs only, with the peers.", file=sys.stderr)
    elif asked.write:
        report.write(text)


if __name__ == "__main__":
    main()
