"""`python -m cemfa` is the command line."""

from cemfa.cli import main

if __name__ == "__main__":
    main()
