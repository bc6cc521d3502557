"""What happened in one simulated history: to which plant, when and for how long, as marks of a figure.

Beside `pictures`, also for the command line; names what the event log holds, reckons nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cemfa import locale
from cemfa.comparison.words import Words
from cemfa.figures.picture import Picture
from cemfa.figures.timeline import Occurrence, event_timeline
from cemfa.simulation import event_table
from cemfa.simulation.events import Calendar

if TYPE_CHECKING:
    import xarray as xr

    from cemfa.comparison.outcome import Comparison, OptionResult
    from cemfa.definition.schema import Model, Scenario


def occurrences(results: xr.Dataset, scenario: Scenario, model: Model, lang: str) -> tuple[Occurrence, ...]:
    """Return what happened in the first history of results, named in a language, in the order in which it did.

    Parameters
    ----------
    results : of `simulate`, with its event log
    """
    calendar, found = Calendar(int(str(results.attrs["start"])[:4])), []
    table = event_table(results, int(results["sample"][0]))
    columns = [table[name].tolist() for name in ("date", "kind", "subject", "days")]
    for date, kind, subject, days in zip(*columns, strict=True):
        day = calendar.day_of(date)
        end = calendar.decimal_year(day + (days if days == days else 0.0))  # NaN: what starts to run has no duration
        word = locale.text(f"figures.happened-{kind}", lang)
        found.append(Occurrence(named(subject, scenario, model, lang), word, calendar.decimal_year(day), end))
    return tuple(found)


def named(key: str, scenario: Scenario, model: Model, lang: str) -> str:
    """Return the name of a project, an event, or a plant with its place."""
    projects = {k: p for option in scenario.options.values() for k, p in option.projects.items()}
    if key in scenario.events or key in projects:
        return (scenario.events[key] if key in scenario.events else projects[key]).label.of(lang)
    process, _, items = key.rstrip("]").partition("[")
    name = model.name_of("process", process, lang)
    if not items:
        return name
    labels = {item.id: item.label for d in model.processes[process].over for item in model.items(d)}
    places = [label.of(lang) if (label := labels.get(item)) else item for item in items.split(",")]
    return f"{name} ({', '.join(places)})"


def history(comparison: Comparison, option: OptionResult, words: Words) -> Picture | None:
    """Return the first simulated history of an option as a timeline; None where nothing happened in it."""
    if "event_day" not in option.flows:
        return None
    found = occurrences(option.flows, comparison.scenario, comparison.model, words.lang)
    if not found:
        return None
    first, last = (float(option.flows["period"][n]) for n in (0, -1))
    title = words.text("f_happened", option=words.label(option.label))
    return event_timeline(found, words.lang, title=title, first=first, until=last + 1.0)
