"""The table of the largest flows of a year, with their spread, and the numbers they rest on; used by `solve`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from cemfa import locale
from cemfa.cli.output import Column, note, show, show_json

if TYPE_CHECKING:
    from cemfa.cli.subject import Subject
    from cemfa.sensitivity import Contribution, FlowSpread, FlowSpreads

RESTS: Final = 15
"""For how many of the largest flows the table says what they rest on."""
_SHOWN: Final = 30
_NAMED: Final = 3
"""Parameters named per flow."""
_LEAST: Final = 0.01
_NUMBERS: Final = ("mean", "p5", "p50", "p95")


def show_largest(found: FlowSpreads, subject: Subject, *, as_json: bool) -> None:
    """Print the largest flows and what they rest on (as JSON: all flows), and how well everything balances."""
    if as_json:
        show_json([_record(row, found) for row in found.rows])
    else:
        _show_flows(found, subject)
        if any(row.rests_on for row in found.rows):
            _show_parameters(found)
    if found.allocated:
        note("allocated", text=found.allocated)
    if found.alone:
        note("year-alone", year=found.year)
    note("residual", value=found.residual)


def _show_flows(found: FlowSpreads, subject: Subject) -> None:
    lang = locale.language()
    rows = found.rows[:RESTS] if any(row.rests_on for row in found.rows) else found.rows[:_SHOWN]
    numbers = _NUMBERS if found.samples > 1 else _NUMBERS[:1]
    columns = [Column("flow", locale.text("cli.column-flow"))]
    if any(row.place for row in rows):
        columns.append(Column("place", locale.text("cli.column-place")))
    columns += [Column(key, locale.text("cli.column-mean") if key == "mean" else key.upper(), 0) for key in numbers]
    if any(row.rests_on for row in rows):
        columns.append(Column("rests_on", locale.text("cli.column-rests")))
    shown = [
        {"flow": row.label.of(lang), "place": row.place_label.of(lang), "rests_on": _words(row, lang)}
        | {key: getattr(row, key) for key in numbers}
        for row in rows
    ]
    title = locale.text("cli.title-flows", label=subject.label(lang), year=found.year)
    title += f" ({locale.text('results.allocated-short')})" if found.allocated else ""
    show(title, columns, shown, as_json=False)


def _named(row: FlowSpread) -> list[Contribution]:
    """Return the parameters worth naming: the few with the largest shares, none below a hundredth."""
    return [c for c in row.rests_on[:_NAMED] if c.share >= _LEAST]


def _words(row: FlowSpread, lang: str) -> str:
    """Return the parameters a flow rests on, in a line."""
    return "; ".join(f"{c.label.of(lang)} {locale.percent(c.share, lang, 0)}" for c in _named(row))


def _show_parameters(found: FlowSpreads) -> None:
    """Print the parameters named, each with its basis, its sources and the flow that rests on it most."""
    from cemfa.sensitivity.propagation import basis_name

    lang = locale.language()
    most: dict[str, tuple[Contribution, FlowSpread]] = {}
    for row in found.rows[:RESTS]:
        for contribution in _named(row):
            known = most.get(contribution.parameter)
            if known is None or contribution.share > known[0].share:
                most[contribution.parameter] = contribution, row
    heads = {key: locale.text(f"sensitivity.column-{key}") for key in ("parameter", "share", "basis", "source")}
    columns = [
        Column("parameter", heads["parameter"]), Column("share", heads["share"], 0),
        Column("of", locale.text("cli.column-of")), Column("basis", heads["basis"]), Column("source", heads["source"]),
    ]  # fmt: skip
    shown = [
        {
            "parameter": c.label.of(lang), "share": 100.0 * c.share, "of": row.label.of(lang),
            "basis": basis_name(c.basis), "source": ", ".join(c.source),
        }
        for c, row in most.values()
    ]  # fmt: skip
    show(locale.text("cli.title-rests", year=found.year), columns, shown, as_json=False)


def _record(row: FlowSpread, found: FlowSpreads) -> dict[str, Any]:
    """Return everything that is known of a flow, as data."""
    lang = locale.language()
    numbers = {key if key == "mean" else key.upper(): getattr(row, key) for key in _NUMBERS}
    rests = [asdict(c) | {"label": c.label.of(lang)} for c in row.rests_on]
    return {
        "flow": row.flow, "label": row.label.of(lang), "place": row.place, "place_label": row.place_label.of(lang),
        "unit": "t/year", "year": found.year, "samples": found.samples, **numbers,
        "allocated": bool(found.allocated), "rests_on": rests,
    }  # fmt: skip
