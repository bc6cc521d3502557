"""Models and scenarios as a notebook shows them: what they hold, in the language in force.

Beside `schema` in the definition; words from `locale`, no arithmetic but counting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from cemfa import locale

if TYPE_CHECKING:
    from cemfa.definition.schema import Flow, Model, Option, Scenario


class Figure(str):
    """A number as it is to be read; it stands to the right."""

    __slots__ = ()


Cell = str | Figure

_BASES: Final = ("reported", "derived", "unverified")
_STATEMENTS: Final = ("amount", "share", "ratio", "fills", "refused")


def html_table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table as HTML, every text escaped, numbers to the right.

    Examples
    --------
    >>> html_table("", ["t"], [[Figure("1.5")]])
    '<table><tr><th>t</th></tr><tr><td style="text-align:right">1.5</td></tr></table>'
    """
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<tr>{head}</tr>{body}</table>"


def _cell(value: Cell) -> str:
    side = "right" if isinstance(value, Figure) else "left"
    return f'<td style="text-align:{side}">{escape(value)}</td>'


def model_html(model: Model, lang: str | None = None) -> str:
    """Return what a model holds: counts of everything, numbers by their basis, and every flow in a folded table."""
    lang = lang or locale.language()
    flows = f"<details><summary>{escape(_word('flows', lang))}</summary>{_flows(model, lang)}</details>"
    return _titled(model.label.of(lang), model.id, _contents(model, lang)) + flows


def scenario_html(scenario: Scenario, lang: str | None = None) -> str:
    """Return what a scenario holds: its frame, and a row per option with its projects and programmes."""
    lang = lang or locale.language()
    facts = locale.text(
        "definition.scenario-facts", lang, model=scenario.model, first=scenario.decisions_from,
        target=scenario.target_year, horizon=scenario.horizon, replications=scenario.simulation.replications,
    )  # fmt: skip
    heads = [_word(name, lang) for name in ("option", "projects", "programmes")]
    rows = [_option_row(option, lang) for option in scenario.options.values()]
    return _titled(scenario.label.of(lang), scenario.id, html_table(facts, heads, rows))


def _titled(label: str, key: str, content: str) -> str:
    return f"<p><b>{escape(label)}</b> (<code>{escape(key)}</code>)</p>{content}"


def _word(name: str, lang: str) -> str:
    return locale.text(f"definition.{name}", lang)


def _contents(model: Model, lang: str) -> str:
    facts = locale.text(
        "definition.model-facts", lang, first=model.periods.first, last=model.periods.last, layers=model.layers.names
    )
    tables = (model.parameters, model.composition, model.seasons, model.history)
    bases = Counter(row.basis for table in tables for row in table)
    counts = [
        ("processes", len(model.processes), model.processes),
        ("flows", len(model.flows), ()),
        ("goods", len(model.goods), model.goods),
        ("dimensions", len(model.dimensions), [f"{name} ({len(model.items(name))})" for name in model.dimensions]),
        ("numbers", sum(bases.values()), [f"{_word(f'basis-{b}', lang)}: {bases[b]}" for b in _BASES]),
        ("targets", len(model.targets), ()),
        ("sources", len(model.sources), ()),
    ]
    heads = [_word(name, lang) for name in ("what", "count", "which")]
    return html_table(facts, heads, [[_word(name, lang), Figure(count), _few(which)] for name, count, which in counts])


def _few(names: Iterable[str], most: int = 8) -> str:
    found = list(names)
    return ", ".join(found[:most]) + (", …" if len(found) > most else "")


def _flows(model: Model, lang: str) -> str:
    heads = [_word(name, lang) for name in ("flow", "from", "to", "good", "stated")]
    return html_table("", heads, (list(_flow_row(model, name, lang)) for name in model.flows))


def _flow_row(model: Model, name: str, lang: str) -> Iterator[str]:
    flow = model.flows[name]
    yield model.name_of("flow", name, lang)
    yield flow.source
    yield flow.target
    yield model.name_of("good", flow.good, lang) if isinstance(flow.good, str) else flow.good.by
    yield _word(f"stated-{_statement(flow)}", lang)


def _statement(flow: Flow) -> str:
    """Return which of its statements a flow makes; every flow that was read makes one."""
    if flow.share and set(flow.share.values()) == {"remainder"}:
        return "remainder"
    return next(name for name in _STATEMENTS if getattr(flow, name))


def _option_row(option: Option, lang: str) -> list[Cell]:
    projects = [f"{project.label.of(lang)} ({project.decision:%d/%m/%Y})" for project in option.projects.values()]
    programmes = [programme.label.of(lang) for programme in option.programmes.values()]
    return [option.label.of(lang), "; ".join(projects), "; ".join(programmes)]
