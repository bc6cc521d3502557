"""What propagation finds: per quantity its spread and the parameters it hangs on, as data, table and page.

Frozen results of `propagate`; no arithmetic but sums of shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final, Literal

from cemfa import locale
from cemfa.definition.schema import Label
from cemfa.definition.show import Figure, html_table

if TYPE_CHECKING:
    import pandas as pd

LINEAR: Final = 0.9
"""Least part of the variance that first order must account for to be trusted."""
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Contribution:
    """One parameter's part in the spread of a quantity.

    Parameters
    ----------
    parameter, label : its id and name
    share : of the first-order variance [1]
    effect : change of the quantity when the parameter grows by one standard deviation [unit of the quantity]; of
        several independent streams the root of the sum of squares, with the sign of the largest
    curvature : second-order part of that change, ½ ∂²y/∂z² [unit of the quantity]; NaN where it was not computed
    basis : the weakest basis of its rows: unverified, derived, reported
    source : citation keys of those rows
    streams : share of each of its random streams
    """

    parameter: str
    label: Label
    share: float
    effect: float
    curvature: float
    basis: str
    source: tuple[str, ...]
    streams: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Propagated:
    """One quantity of a year: how sure it is, and what that hangs on.

    Parameters
    ----------
    id, label, unit : as asked for, its name and unit
    central : value where every parameter has its central value, as `solve` shows it
    mean : value where every parameter has its expectation: the mean to first order
    sd : standard deviation to first order
    contributions : parameters by share, largest first
    second_order : part of the variance to second order that each parameter's own curvature adds [1]; NaN after an
        adjoint solve, which gives no curvature
    explained : part of the variance of a few draws that the first-order form accounts for [1]; NaN without draws
    """

    id: str
    label: Label
    unit: str
    central: float
    mean: float
    sd: float
    contributions: tuple[Contribution, ...]
    second_order: float
    explained: float

    @property
    def unverified(self) -> float:
        """Share of the variance that rests on parameters with unverified rows."""
        return sum(c.share for c in self.contributions if c.basis == "unverified")

    @property
    def nearly_linear(self) -> bool:
        """Whether first order may be trusted: neither curvature nor a limit that switches takes a tenth.

        What was not computed says nothing against it.
        """
        return not (self.second_order > 1.0 - LINEAR or self.explained < LINEAR)

    def verdict(self, lang: str | None = None) -> str:
        """Return in a sentence whether the shares hold."""
        measured = [share for share in (self.explained, 1.0 - self.second_order) if share == share]
        if not measured:
            return locale.text("sensitivity.unchecked", lang)
        key = "linear" if self.nearly_linear else "not-linear"
        return locale.text(f"sensitivity.{key}", lang, share=locale.percent(max(0.0, min(measured)), lang, 0))


@dataclass(frozen=True, slots=True)
class Propagation:
    """First-order propagation of all parameters to some quantities of one year.

    Parameters
    ----------
    model : id
    year : calendar year
    method : ``adjoint`` (one transposed solve per quantity) or ``points`` (the balance at small steps)
    history : whether the years before were computed, because a quantity depends on what stocks release
    streams : number of random streams
    quantities : in the order asked for
    """

    model: str
    year: int
    method: Literal["adjoint", "points"]
    history: bool
    streams: int
    quantities: tuple[Propagated, ...]

    def __getitem__(self, name: str) -> Propagated:
        """Return a quantity by the name it was asked for; KeyError where it was not."""
        return {quantity.id: quantity for quantity in self}[name]

    def __iter__(self) -> Iterator[Propagated]:
        """Yield the quantities."""
        return iter(self.quantities)

    def table(self, lang: str | None = None) -> pd.DataFrame:
        """Return one row per quantity and parameter, ranked by share of variance."""
        import pandas as pd

        rows = [
            {
                "quantity": quantity.id, "parameter": c.parameter, "label": c.label.of(lang or locale.language()),
                "share": c.share, "effect": c.effect, "unit": quantity.unit, "basis": c.basis,
                "source": ", ".join(c.source),
            }
            for quantity in self
            for c in quantity.contributions
        ]  # fmt: skip
        columns = ["quantity", "parameter", "label", "share", "effect", "unit", "basis", "source"]
        return pd.DataFrame(rows, columns=columns)

    def _repr_html_(self) -> str:
        return "".join(_html(quantity, self.year) for quantity in self)


def _html(quantity: Propagated, year: int) -> str:
    lang = locale.language()
    headings = [locale.text(f"sensitivity.column-{key}") for key in ("parameter", "share", "effect", "basis", "source")]
    rows = [
        [
            c.label.of(lang), Figure(locale.number(100.0 * c.share, decimals=1)), Figure(locale.number(c.effect)),
            basis_name(c.basis), ", ".join(c.source),
        ]
        for c in quantity.contributions[:_SHOWN]
    ]  # fmt: skip
    words = [escape(heading(quantity, year)), escape(quantity.verdict())]
    return f"<p><b>{words[0]}</b><br>{words[1]}</p>{html_table('', headings, rows)}"


def heading(quantity: Propagated, year: int) -> str:
    """Return a quantity in a line: its name, year, value and spread, and what rests on unverified rows."""
    unit = "" if quantity.unit == "1" else f" {quantity.unit}"
    return locale.text(
        "sensitivity.heading",
        label=quantity.label.of(locale.language()), year=year, unit=unit,
        central=locale.number(quantity.central), mean=locale.number(quantity.mean), sd=locale.number(quantity.sd),
        unverified=locale.percent(quantity.unverified, decimals=0),
    )  # fmt: skip


def basis_name(basis: str) -> str:
    """Return what a basis is called in the language in force."""
    return locale.text(f"definition.basis-{basis}")
