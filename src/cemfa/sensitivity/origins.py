"""Where a random stream comes from: its parameter, with label, weakest basis and sources of its rows.

Bottom of `sensitivity`, read by `comparison` too, so that both call a parameter by the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cemfa import locale
from cemfa.definition.schema import CompositionRow, Label, Model, NumberRow
from cemfa.system.parameters import composition_name

BASES: Final = ("unverified", "derived", "reported")
"""Weakest first."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A parameter as people know it.

    Parameters
    ----------
    parameter, label : its id and name
    basis : the weakest basis of its rows: unverified, derived, reported
    source : citation keys of those rows
    """

    parameter: str
    label: Label
    basis: str
    source: tuple[str, ...]


def origin_of(parameter: str, model: Model) -> Origin:
    """Return a parameter, or a row of the composition table, with its name, basis and sources."""
    rows: list[NumberRow] = [row for row in model.parameters if row.parameter == parameter]
    rows += [row for row in model.composition if composition_name(row.good, row.layer) == parameter]
    bases = {row.basis for row in rows}
    basis = next((known for known in BASES if known in bases), "unverified")
    return Origin(parameter, _label(parameter, model), basis, tuple(dict.fromkeys(row.source for row in rows)))


def parameter_of(stream: str) -> str:
    """Return the parameter a random stream belongs to.

    Examples
    --------
    >>> parameter_of("capture[food]"), parameter_of("uses:straw_burnt_share[]")
    ('capture', 'straw_burnt_share')
    """
    return stream.split("[")[0].split(":")[-1]


def layer_name(layer: str, lang: str) -> str:
    """Return the name of a layer in a language; its id where no common name is known."""
    known = locale.texts("comparison", lang)
    return known.get(f"layer.{layer}", layer)


def _label(name: str, model: Model) -> Label:
    for row in model.composition:
        if composition_name(row.good, row.layer) == name:
            parts = {lang: _composition_label(row, model, lang) for lang in locale.LANGUAGES}
            return Label(**parts)
    return Label(**{lang: model.name_of("parameter", name, lang) for lang in locale.LANGUAGES})


def _composition_label(row: CompositionRow, model: Model, lang: str) -> str:
    good = model.name_of("good", row.good, lang)
    return locale.text("comparison.composition", lang, good=good, layer=layer_name(row.layer, lang))
