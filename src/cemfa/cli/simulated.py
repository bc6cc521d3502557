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
    from cemfa.comparison.happened import occurrences
    from cemfa.figures.svg import save_figure
    from cemfa.figures.timeline import event_timeline

    if subject.scenario is None:  # the verb reads a scenario
        return file
    lang = locale.language()
    happened = occurrences(results, subject.scenario, subject.model, lang)
    title = locale.text("cli.title-timeline", lang, label=subject.label(lang))
    first, last = (float(results["period"][n]) for n in (0, -1))
    return save_figure(event_timeline(happened, lang, title=title, first=first, until=last + 1.0), file)


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
