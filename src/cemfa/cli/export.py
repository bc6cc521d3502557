"""`cemfa export`: a scenario with its model as a workbook to be edited."""

from __future__ import annotations

import click

from cemfa.cli.words import Verb


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "export", _export, [click.Argument(["name"], metavar="SCENARIO"), click.Argument(["file"], metavar="FILE.xlsx")]
    )


def _export(name: str, file: str) -> None:
    import cemfa
    from cemfa import locale
    from cemfa.cli.output import new_file, note
    from cemfa.definition.load import read_written
    from cemfa.definition.workbook.archive import SUFFIX
    from cemfa.definition.workbook.write import workbook_of

    path = new_file(file, (SUFFIX,))
    scenario, model = read_written(name)
    content = workbook_of(scenario, model, locale.language(), cemfa.__version__)
    with path.open("xb") as stream:
        stream.write(content)
    note("written", file=str(path))
    note("export-next", file=str(path))
