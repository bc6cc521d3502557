"""`cemfa schema`: the JSON Schema of what a user writes, for editors that complete and check while typing."""

from __future__ import annotations

import click

from cemfa.cli.words import Verb, one_of


def command() -> click.Command:
    """Return the verb."""
    return Verb("schema", _schema, [click.Argument(["what"], **one_of("model", "scenario"))])


def _schema(what: str) -> None:
    from cemfa.cli.output import show_json
    from cemfa.definition.schema import Model, Scenario
    from cemfa.definition.shape import json_schema

    show_json(json_schema(Model if what == "model" else Scenario))
