"""`cemfa sensitivity`: what a result hangs on, parameter by parameter, without drawing samples."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from cemfa import locale
from cemfa.cli.words import Verb, option, whole

if TYPE_CHECKING:
    from cemfa.sensitivity import Propagated, Propagation

_DEFAULT: Final = "rate_with_home"
_SHOWN: Final = 12


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "sensitivity",
        _sensitivity,
        [
            click.Argument(["name"], metavar="MODEL"),
            option("--option"),
            option("--year", **whole(1)),
            option("--indicator", "indicators", key="indicator", multiple=True, metavar="NAME[:PART]"),
            option("--json", "as_json", key="json", is_flag=True),
        ],
    )


def _sensitivity(name: str, option: str | None, year: int | None, indicators: tuple[str, ...], as_json: bool) -> None:
    from cemfa.cli.output import show_json
    from cemfa.cli.subject import read_subject
    from cemfa.sensitivity import propagate

    subject = read_subject(name, option)
    period = subject.year(year)
    found = propagate(subject.system(), indicators or (_DEFAULT,), plan=subject.plan, period=period)
    if as_json:
        show_json([_record(quantity, found) for quantity in found])
        return
    for quantity in found:
        _show(quantity, found)


def _show(quantity: Propagated, found: Propagation) -> None:
    """Print the parameters of a quantity, and say whether their shares hold."""
    from cemfa.cli.output import Column, show
    from cemfa.sensitivity.propagation import basis_name, heading

    headings = {
        key: locale.text(f"sensitivity.column-{key}") for key in ("parameter", "share", "effect", "basis", "source")
    }
    decimals = {"share": 1}
    columns = [Column(key, text, decimals.get(key)) for key, text in headings.items()]
    rows = [
        {
            "parameter": c.label.of(locale.language()), "share": 100.0 * c.share, "effect": _digits(c.effect),
            "basis": basis_name(c.basis), "source": ", ".join(c.source),
        }
        for c in quantity.contributions[:_SHOWN]
    ]  # fmt: skip
    show(heading(quantity, found.year), columns, rows, as_json=False)
    click.echo(quantity.verdict(), err=True)


def _digits(value: float) -> str:
    return locale.number(float(f"{value:.3g}"))


def _record(quantity: Propagated, found: Propagation) -> dict[str, object]:
    """Return everything that is known of a quantity, as data."""
    labels = {"label": quantity.label.of(locale.language())}
    contributions = [asdict(c) | {"label": c.label.of(locale.language())} for c in quantity.contributions]
    return {
        "quantity": quantity.id, **labels, "unit": quantity.unit, "year": found.year, "method": found.method,
        "central": quantity.central, "mean": quantity.mean, "sd": quantity.sd,
        "unverified": quantity.unverified, "second_order": quantity.second_order, "explained": quantity.explained,
        "nearly_linear": quantity.nearly_linear, "contributions": contributions,
    }  # fmt: skip
