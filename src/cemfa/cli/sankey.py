"""`cemfa sankey`: the flows of a model or option as a Sankey diagram in a file."""

from __future__ import annotations

import click

from cemfa.cli.words import Verb, option, whole

_SUFFIXES = (".svg", ".png", ".pdf")


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "sankey",
        _sankey,
        [
            click.Argument(["name"], metavar="MODEL|SCENARIO"),
            option("--option"),
            option("--year", **whole(1)),
            option("--out", key="out-figure", metavar="FILE", required=True),
        ],
    )


def _sankey(name: str, option: str | None, year: int | None, out: str) -> None:
    from cemfa import locale
    from cemfa.cli.output import new_file, note
    from cemfa.cli.subject import read_subject
    from cemfa.figures.material import flow_table
    from cemfa.figures.sankey import sankey
    from cemfa.figures.svg import save_figure
    from cemfa.system.solve import solve

    file = new_file(out, _SUFFIXES)
    subject = read_subject(name, option)
    shown = subject.year(year)
    results = solve(subject.system(), plan=subject.plan)
    lang, model = locale.language(), subject.model
    picture = sankey(
        flow_table(results, shown),
        lang,
        labels={key: process.label.of(lang) for key, process in model.processes.items() if process.label},
        goods={key: good.label.of(lang) for key, good in model.goods.items()},
        colours={key: good.colour for key, good in model.goods.items() if good.colour},
        title=locale.text("cli.title-sankey", label=subject.label(lang), year=shown),
    )
    note("written", file=str(save_figure(picture, file)))
