"""What `simulate` writes and shows beside flows: event log, timeline, months, and the annual balance beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cemfa import locale
from cemfa.cli.output import Column, note, show

if TYPE_CHECKING:
    import xarray as xr

    from cemfa.cli.subject import Subject


@dataclass(frozen=True, slots=True)
class Extra:
    """Files asked for beside the results; None for those that are not."""

    events: Path | None
    timeline: Path | None
    monthly: Path | None

    def write(self, results: xr.Dataset, subject: Subject) -> None:
        """Write the files that were asked for."""
        from cemfa.simulation import event_table, month_table

        if self.events is not None:
            event_table(results).to_csv(self.events, index=False)
            note("written", file=str(self.events))
        if self.monthly is not None:
            month_table(results).to_csv(self.monthly, index=False)
            note("written", file=str(self.monthly))
        if self.timeline is not None:
            note("written", file=str(_timeline(results, subject, self.timeline)))


def _timeline(results: xr.Dataset, subject: Subject, file: Path) -> Path:
    from cemfa.figures.svg import save_figure
    from cemfa.figures.timeline import Occurrence, event_timeline
    from cemfa.simulation import event_table
    from cemfa.simulation.events import Calendar

    lang = locale.language()
    calendar = Calendar(int(results["period"][0]))
    happened = []
    table = event_table(results, int(results["sample"][0]))
    columns = [table[name].tolist() for name in ("date", "kind", "subject", "days")]
    for date, kind, plant, days in zip(*columns, strict=True):
        day = calendar.day_of(date)
        end = calendar.decimal_year(day + days) if days == days else calendar.decimal_year(day)  # NaN: no duration
        word = locale.text(f"cli.happened-{kind}", lang)
        happened.append(Occurrence(_name(plant, subject, lang), word, calendar.decimal_year(day), end))
    title = locale.text("cli.title-timeline", lang, label=subject.label(lang))
    first, last = (float(results["period"][n]) for n in (0, -1))
    return save_figure(event_timeline(happened, lang, title=title, first=first, until=last + 1.0), file)


def _name(key: str, subject: Subject, lang: str) -> str:
    """Return the name of a plant, event or project."""
    scenario = subject.scenario
    if scenario is not None:
        projects = {k: p for option in scenario.options.values() for k, p in option.projects.items()}
        if key in scenario.events or key in projects:
            return (scenario.events[key] if key in scenario.events else projects[key]).label.of(lang)
    process, bracket, items = key.partition("[")
    return subject.model.name_of("process", process, lang) + (f" [{items}" if bracket else "")


def show_annual(
    subject: Subject, year: int, *, replications: int | None, seed: int, workers: int | None, as_json: bool
) -> None:
    """Print the indicators of a year in three ways: simulated, and by the annual balance as planned and as found."""
    from cemfa.comparison.annual import TOLD, WAYS, against_annual
    from cemfa.indicators import REGISTRY

    if subject.scenario is None:  # the verb reads a scenario
        return
    found = against_annual(
        subject.system(), subject.scenario, subject.option, replications=replications, seed=seed, workers=workers
    )
    means = found.sel(period=year).mean("sample")
    lang = locale.language()
    rows = []
    for name in TOLD:
        array = means[name].transpose("way", ...)
        parts = [str(item) for item in array[array.dims[1]].to_numpy()] if array.ndim > 1 else [""]
        for item, column in zip(parts, array.to_numpy().reshape(len(WAYS), -1).T.tolist(), strict=True):
            values = dict(zip(WAYS, column, strict=True))
            shown = name if as_json else REGISTRY[name].label(lang)
            label = f"{shown} ({item})" if item else shown
            rows.append({"indicator": label, **values, "annual-error": values["annual"] - values["simulated"]})
    keys = ("indicator", *WAYS, "annual-error")
    columns = [Column(key, locale.text(f"cli.column-{key}"), None if key == "indicator" else 4) for key in keys]
    title = locale.text("cli.title-annual", label=subject.label(lang), year=year)
    show(title, columns, rows, as_json=as_json)
