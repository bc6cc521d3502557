"""The largest flows of a year, copies together, with their percentiles, by place where that is asked for.

Used by `solve`. The percentiles are those of the sum over all copies, so the sum is taken in every sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cemfa import locale
from cemfa.cli.output import Column, note, show

if TYPE_CHECKING:
    import xarray as xr

    from cemfa.cli.subject import Subject
    from cemfa.results import Request

SHOWN: Final = 30
_LEVELS: Final = (0.05, 0.5, 0.95)
_MASS: Final = "mass_by_name"


@dataclass(frozen=True, slots=True)
class ByName:
    """A function of a block of results: the fresh mass of one year by flow, copies together, and by place.

    Parameters
    ----------
    year : calendar year
    place : coordinate of the flows, such as ``district``; "" where the copies of all places count together
    """

    year: int
    place: str = ""

    def __call__(self, results: xr.Dataset) -> xr.Dataset:
        """Return the variable (sample, named_flow) [t/year] with the coordinates of its flow and place."""
        import numpy as np
        import xarray as xr

        flows = results.cemfa.layer(results["flow_mass"].sel(period=self.year)).transpose("flow", "sample").to_numpy()
        names = results["flow_name"].to_numpy().tolist()
        places = results[self.place].to_numpy().tolist() if self.place else [""] * len(names)
        keys = [*zip(names, places, strict=True)]
        wanted = {key: None for key in keys if key[1] or not self.place}
        position = {key: number for number, key in enumerate(wanted)}
        total = np.zeros((len(wanted), flows.shape[1]))
        for number, key in enumerate(keys):
            if key in position:
                total[position[key]] += flows[number]
        coords = {"sample": results["sample"].to_numpy()} | {
            name: ("named_flow", [key[n] for key in wanted]) for n, name in enumerate(("of_flow", "of_place"))
        }
        return xr.Dataset({_MASS: (("sample", "named_flow"), total.T, {"unit": "t/year"})}, coords)


@dataclass(frozen=True, slots=True)
class Places:
    """By which places a table is divided.

    Parameters
    ----------
    dimension : coordinate of the flows
    area : area of the model to which its items are allocated; "" for the dimension itself
    """

    dimension: str
    area: str = ""


def places_of(subject: Subject, by: str) -> Places:
    """Return the places of a dimension of the model or of one of its areas.

    Raises
    ------
    CemfaError
        with the code ``by-unknown``.
    """
    from cemfa.errors import CemfaError, Problem

    model = subject.model
    if by in model.areas:
        return Places(model.areas[by].of, by)
    known = [name for name in ("district", "settlement", "destination") if name in model.dimensions]
    if by not in known:
        parameters = {"name": by, "known": [*known, *model.areas] or ["–"]}
        raise locale.error(CemfaError, Problem("by-unknown", parameters=parameters))
    return Places(by)


def request(year: int, places: Places | None, *, saved: bool) -> Request:
    """Return what to keep of a run for the table of a year.

    Parameters
    ----------
    saved : whether the results are written to a file, with mean and percentiles of every flow
    """
    from cemfa.results import Request

    functions = {"named": ByName(year, places.dimension if places else "")}
    return Request(functions=functions) if saved else Request(functions=functions, reducers=("mean",))


def show_largest(results: xr.Dataset, subject: Subject, year: int, places: Places | None, *, as_json: bool) -> None:
    """Print the largest flows of a year (as JSON: all), and how well everything balances."""
    values = results if _MASS in results else ByName(year, places.dimension if places else "")(results)
    area = places.area if places else ""
    found = (row for row in _rows(values[_MASS], subject, area) if row["mean"])
    rows = sorted(found, key=lambda row: -float(row["mean"]))
    lang = locale.language()
    keys = ["flow", *(["place"] if places else [])]
    columns = [Column(key, locale.text(f"cli.column-{key}")) for key in keys]
    numbers = [key for key in ("mean", *map(_percentile, _LEVELS)) if rows and key in rows[0]]
    columns += [Column(key, locale.text("cli.column-mean") if key == "mean" else key, 0) for key in numbers]
    if as_json:
        columns = [*columns, *(Column(key, key) for key in ("label", "unit", "year", "allocated"))]
        rows = [row | {"unit": "t/year", "year": year, "allocated": bool(area)} for row in rows]
        show("", columns, rows, as_json=True)
    else:
        title = locale.text("cli.title-flows", label=subject.label(lang), year=year)
        title += f" ({locale.text('results.allocated-short', lang)})" if area else ""
        named = [row | {"flow": row["label"], "place": row.get("place_label", "")} for row in rows[:SHOWN]]
        show(title, columns, named, as_json=False)
    if area:
        from cemfa.allocation import mark

        note("allocated", text=mark(subject.model, subject.model.areas[area], lang))
    note("residual", value=float(results.attrs["residual"]))


def _rows(mass: xr.DataArray, subject: Subject, area: str) -> Iterator[dict[str, Any]]:
    """Yield one row per flow and place."""
    names = mass["of_flow"].to_numpy()
    lang = locale.language()
    for name in dict.fromkeys(names.tolist()):
        own = mass.isel(named_flow=names == name)
        for place, label, values in _by_place(own, subject, area):
            row = {
                "flow": name,
                "label": subject.model.name_of("flow", name, lang),
                "place": place,
                "place_label": label,
            }
            yield row | _numbers(values)


def _by_place(mass: xr.DataArray, subject: Subject, area: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the id and name of each place and its mass (S,)."""
    if not area:
        labels = _labels(subject)
        for number, place in enumerate(mass["of_place"].to_numpy().tolist()):
            yield place, labels.get(place, place), mass.isel(named_flow=number).to_numpy()
        return
    from cemfa.allocation import allocate

    dimension = subject.model.areas[area].of
    places = mass["of_place"].to_numpy()
    by_item = mass.drop_vars(("of_flow", "of_place")).rename(named_flow=dimension).assign_coords({dimension: places})
    found = allocate(by_item, subject.model, area)
    for place, label in zip(found[area].to_numpy().tolist(), found[f"{area}_label"].to_numpy().tolist(), strict=True):
        yield place, label, found.sel({area: place}).to_numpy()


def _labels(subject: Subject) -> Mapping[str, str]:
    model, lang = subject.model, locale.language()
    return {
        item.id: item.label.of(lang)
        for name in model.dimensions
        for item in model.items(name)
        if item.label is not None
    }


def _numbers(values: Any) -> dict[str, float]:
    import numpy as np

    found = {"mean": float(np.mean(values))}
    if len(values) > 1:
        levels = np.quantile(values, _LEVELS)
        found |= {_percentile(level): float(value) for level, value in zip(_LEVELS, levels, strict=True)}
    return found


def _percentile(level: float) -> str:
    return f"P{100 * level:g}"
