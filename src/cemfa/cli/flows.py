"""What `solve` and `simulate` share: saving results and showing the largest flows of a year."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cemfa import locale
from cemfa.cli.output import Column, note, show

if TYPE_CHECKING:
    import xarray as xr

    from cemfa.cli.subject import Subject
    from cemfa.definition.schema import Model

_SHOWN: Final = 30
_LABELLED: Final = ("source", "target", "good")


def save(results: xr.Dataset, subject: Subject, file: Path | None) -> None:
    """Write results with the hashes of their inputs, where a file was asked for."""
    from cemfa.results import save_results

    if file is not None:
        results.attrs["inputs"] = json.dumps(subject.inputs, sort_keys=True)
        note("written", file=str(save_results(results, file)))


def show_flows(results: xr.Dataset, subject: Subject, year: int, *, as_json: bool) -> None:
    """Print the largest flows of a year (as JSON: all flows, by their ids), and how well everything balances."""
    frame = results.cemfa.table(period=year, largest=results.sizes["flow"] if as_json else _SHOWN)
    rows = [{"flow": flow, **row} for flow, row in zip(frame.index, frame.to_dict("records"), strict=True)]
    if not as_json:
        names = _names(subject.model, locale.language())
        rows = [row | {key: _named(str(row[key]), names) for key in _LABELLED} for row in rows]
    numbers = [str(name) for name in frame.columns if name not in ("flow_name", *_LABELLED)]
    columns = [Column(key, locale.text(f"cli.column-{key}")) for key in ("flow", *_LABELLED)]
    columns += [Column(name, locale.text("cli.column-mean") if name == "mean" else name, 0) for name in numbers]
    title = locale.text("cli.title-flows", label=subject.label(locale.language()), year=year)
    show(title, columns, rows, as_json=as_json)
    note("residual", value=float(results.attrs["residual"]))


def _names(model: Model, lang: str) -> dict[str, str]:
    """Return the labels of processes and goods by id."""
    found = {key: process.label.of(lang) for key, process in model.processes.items() if process.label}
    found |= {key: good.label.of(lang) for key, good in model.goods.items()}
    return found | {"outside": locale.text("cli.outside", lang)}


def _named(key: str, names: dict[str, str]) -> str:
    """Return the label of an element such as ``household[north,urban]``, its items as they are."""
    name, bracket, items = key.partition("[")
    return names.get(name, name) + (f" [{items}" if bracket else "")
