"""Where what a room above the definition reports was written; beside the rules that need arrays."""

from __future__ import annotations

from cemfa.definition.load import Places
from cemfa.definition.schema import Model
from cemfa.errors import Place


def written_place(place: Place, model: Model, places: Places) -> Place:
    """Return where a dotted path such as `parameters.population` was written."""
    table, _, name = place.path.partition(".")
    for position, row in enumerate(model.parameters if table == "parameters" else ()):
        if row.parameter == name:
            return places.of("parameters", position, "parameter")
    for position, share in enumerate(model.composition if table == "composition" else ()):
        if share.good == name.split(".")[0]:
            return places.of("composition", position, "good")
    return places.of(*place.path.split(".")) if place.path and not place.file else place
