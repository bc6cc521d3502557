"""The command line: one file per verb, each only reads arguments, calls the rooms below and prints.

Top of the house. Data go to stdout, messages and progress to stderr. Exit codes: 0 fine, 1 a fault of cemfa (the
only traceback), 2 wrong input or usage, 3 no solution, 4 input or output, 5 a limit of the machine, 130 interrupted.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line with the words of the shell and leave with its exit code."""
    from cemfa.cli.entry import run

    sys.exit(run(sys.argv[1:]))
