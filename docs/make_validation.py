"""Write `docs/reference/validation_<model>.md`: what the model says to every published total, and where they disagree.

Run as ``python docs/make_validation.py``; a test writes the page again and compares. Rows come from the model's
`published_totals.csv`, the sentences on disagreements from its `disagreements.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from cemfa import library, locale, units
from cemfa.definition.load import read_model
from cemfa.definition.schema import Label, Model
from cemfa.sensitivity.points import Balance
from cemfa.sensitivity.quantities import Quantity
from cemfa.system.compile import compile_system
from cemfa.system.layout import System

FOLDER = Path(__file__).parent / "reference"
MODELS = ("ben_tre",)
SAMPLES = 2000
SEED = 2024
LEVELS = (5.0, 50.0, 95.0)
NOTE = "<!-- Written by docs/make_validation.py; change the model, not this page. -->\n\n"
Row = dict[str, str]
_ROOTED = ("not independent", "is an input")
"""What the reason of a total says that the model takes a number from."""


@dataclass(frozen=True)
class Compared:
    """A published total beside what the model says.

    Attributes
    ----------
    row : of `published_totals.csv`
    model : P5, P50 and P95 in the row's unit
    """

    row: Row
    model: tuple[float, float, float]

    @property
    def agrees(self) -> bool:
        """Whether the figure lies between P5 and P95, and the median in the published range where there is one."""
        low, high = (float(self.row[key] or self.model[1]) for key in ("low", "high"))
        return self.model[0] <= float(self.row["value"]) <= self.model[2] and low <= self.model[1] <= high

    @property
    def overlaps(self) -> bool:
        """Whether the published range and P5 to P95 of the model have something in common."""
        low, high = (float(self.row[key] or self.row["value"]) for key in ("low", "high"))
        return low <= self.model[2] and self.model[0] <= high

    @property
    def independent(self) -> bool:
        """Whether the total is made neither of the model's own inputs nor was one of them."""
        made = self.row["source"].startswith("consistency_checks-")
        return not made and not any(words in self.row["reason"].lower() for words in _ROOTED)


def table(name: str, file: str) -> list[Row]:
    """Return the rows of a table of a model."""
    with (library.find_model(name) / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, restval=""))


def sentences(name: str) -> dict[str, Label]:
    """Return the sentence on each disagreement by the id of its total."""
    return {row["id"]: Label(vi=row["sentence_vi"], en=row["sentence_en"]) for row in table(name, "disagreements.csv")}


def compare(model: Model, rows: Sequence[Row], samples: int = SAMPLES) -> list[Compared]:
    """Return every total that flows of the model answer, beside their percentiles.

    Each year is solved alone: none of these flows depends on what stocks release, which is checked.
    """
    system = compile_system(model)
    draws = system.sampler.samples(SEED, 0, samples)
    found: dict[str, Compared] = {}
    for year in sorted({int(row["year"]) for row in rows if row["flows"]}):
        asked = [row for row in rows if row["flows"] and int(row["year"]) == year]
        found |= {row["id"]: one for row, one in zip(asked, _of_year(system, asked, year, draws), strict=True)}
    return [found[row["id"]] for row in rows if row["id"] in found]


def _of_year(system: System, rows: Sequence[Row], year: int, draws: NDArray[np.float64]) -> list[Compared]:
    balance = Balance.of(system, None, system.years.index(year))
    parts = [(_quantity(system, row, row["flows"], row["where"]), _below(system, row)) for row in rows]
    asked = [quantity for pair in parts for quantity in pair if quantity is not None]
    if balance.has_history(asked, system.sampler.spread().mean):
        raise ValueError(f"a total of {year} depends on stocks: solve the years before it too")
    values = iter(balance.at(asked, draws, history=False))
    compared = []
    for row, (_, below) in zip(rows, parts, strict=True):
        mass = next(values)
        mass = mass / next(values) if below is not None else mass / units.per_year_factor(row["unit"], year)
        p5, p50, p95 = np.percentile(mass, LEVELS).tolist()
        compared.append(Compared(row, (p5, p50, p95)))
    return compared


def _below(system: System, row: Row) -> Quantity | None:
    return _quantity(system, row, row["per_flows"], "") if row["per_flows"] else None


def _quantity(system: System, row: Row, flows: str, where: str) -> Quantity:
    """Return the sum of some flows in a layer."""
    chosen = np.isin(system.flow_coords["flow_name"], flows.split())
    for dimension, item in (part.split("=") for part in where.split()):
        chosen &= system.flow_coords[dimension] == item
    if not chosen.any():
        raise ValueError(f"{row['id']}: no flow fits {flows} {where}")
    fresh = row["layer"] == "fresh"
    weight = system.mass_weight() if fresh else (np.array(system.layers) == row["layer"]).astype(float)
    nothing = Label(vi="", en="")
    return Quantity(row["id"], nothing, "t/year", "flow", places=tuple(np.flatnonzero(chosen).tolist()), weight=weight)


def compared_totals(name: str) -> list[Compared]:
    """Return every total of a model that its flows answer, beside their percentiles."""
    return compare(read_model(name), table(name, "published_totals.csv"))


def page(name: str, compared: Sequence[Compared]) -> str:
    """Return the page of a model."""
    model, rows, said = read_model(name), table(name, "published_totals.csv"), sentences(name)
    checks = [one for one in compared if one.row["role"] == "check"]
    apart, crossed = [c for c in checks if c.independent], [c for c in checks if not c.independent]
    inputs = [one for one in compared if one.row["role"] == "input"]
    held = {one.row["id"] for one in compared}
    years = sorted({one.row["year"] for one in compared})
    lines = [
        f"# Validation: {model.label.en}",
        "",
        f"*{model.label.vi}: kiểm chứng với số liệu đã công bố.* "
        "Mỗi hàng đặt khoảng P5–P50–P95 của mô hình bên cạnh con số đã công bố; chỗ nào lệch đều có câu giải thích. "
        "Không chỉnh mô hình cho khớp.",
        "",
        f"Every row puts P5, P50 and P95 of the model ({SAMPLES:,} samples, seed {SEED}, year by year: "
        f"{', '.join(years)}) beside the published figure and its range, where one was given. "
        "A row agrees where the published figure lies between P5 and P95 of the model, and the model's median inside "
        "the published range; every row that does not has a sentence. "
        "Nothing was tuned to make a row agree, unless its sentence says so.",
        "",
        f"Of {len(apart)} published totals that were no inputs, {_agreeing(apart)} agree; "
        f"of {len(crossed)} cross-checks {_agreeing(crossed)}.",
        "",
        "## Published totals that were not inputs",
        "",
        *_table(apart),
        *_disagreements(apart, said),
        "## Cross-checks, not independent",
        "",
        "Made of the same coefficients as the model, or of its inputs: they find mistakes of arithmetic and reading, "
        "they do not validate. *Kiểm tra chéo, không độc lập với mô hình.*",
        "",
        *_table(crossed),
        *_disagreements(crossed, said),
        "## Totals that are inputs",
        "",
        "The model is scaled to them; they say nothing on whether it is right. *Số liệu đầu vào.*",
        "",
        *_table(inputs),
        *_disagreements(inputs, said),
        "## Not held by the model",
        "",
        *_reasons(row for row in rows if row["id"] not in held),
    ]  # fmt: skip
    return NOTE + "\n".join(lines).rstrip("\n") + "\n"


def unexplained(name: str, compared: Sequence[Compared]) -> list[str]:
    """Return the ids of totals that disagree and have no sentence in both languages."""
    said = sentences(name)
    wrong = [one.row["id"] for one in compared if not one.agrees]
    return [key for key in wrong if key not in said or not (said[key].vi.strip() and said[key].en.strip())]


def _agreeing(compared: Sequence[Compared]) -> int:
    return sum(one.agrees for one in compared)


def _table(compared: Sequence[Compared]) -> list[str]:
    lines = [
        "| id | total | year | published | range | model P5 | P50 | P95 | unit | agrees | source |",
        "|---|---|---|---:|---:|---:|---:|---:|---|---|---|",
    ]
    for one in compared:
        row = one.row
        between = f"{_digits(row['low'])}–{_digits(row['high'])}" if row["low"] and row["high"] else ""
        verdict = "yes" if one.agrees else "no; the ranges overlap" if one.overlaps else "no"
        cells = (
            row["id"], f"{row['label_en']} / {row['label_vi']}", row["year"], _digits(row["value"]), between,
            *(_digits(value) for value in one.model), row["unit"], verdict, row["source"],
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _disagreements(compared: Sequence[Compared], said: dict[str, Label]) -> list[str]:
    lines = []
    for one in compared:
        if not one.agrees:
            label = said.get(one.row["id"], Label(vi="chưa có giải thích", en="no sentence yet"))
            lines += [f"- **{one.row['id']}, {one.row['label_en']}.** {label.en} *{label.vi}*"]
    return [*lines, ""] if lines else []


def _reasons(rows: Iterable[Row]) -> list[str]:
    lines = ["| id | total | year | published | unit | why | source |", "|---|---|---|---:|---|---|---|"]
    for row in rows:
        names = f"{row['label_en']} / {row['label_vi']}"
        cells = (row["id"], names, row["year"], _digits(row["value"]), row["unit"], row["reason"], row["source"])
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _digits(value: float | str) -> str:
    """Return a number with three significant digits."""
    return locale.number(float(f"{float(value):.3g}"), "en") if value != "" else ""


def main() -> None:
    """Write the pages, and say what has no sentence yet."""
    for name in MODELS:
        compared = compared_totals(name)
        (FOLDER / page_name(name)).write_text(page(name, compared), encoding="utf-8")
        for key in unexplained(name, compared):
            click.echo(f"{name}: {key} disagrees; write a sentence in models/{name}/disagreements.csv", err=True)


def page_name(name: str) -> str:
    """Return the file name of the page of a model."""
    return f"validation_{name}.md"


if __name__ == "__main__":
    main()
