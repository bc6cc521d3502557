"""Write `docs/reference/` from the code: the grammar, the models, the problems, the indicators, the command line.

Run as ``python docs/make_reference.py``; a test compares the pages with what this would write.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic import BaseModel

from cemfa import library, locale
from cemfa.cli.words import VERBS, Verbs
from cemfa.definition import schema, technologies
from cemfa.definition.load import read_model
from cemfa.economics.catalogue import MEASURES
from cemfa.indicators import REGISTRY

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/make_reference.py; change the code, not this page. -->\n\n"


def _type_name(annotation: object) -> str:
    """Return a type as a user would say it."""
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type_name(arguments[0])
    if origin is typing.Literal:
        return " | ".join(f"`{a}`" for a in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_name(a) for a in arguments if a is not type(None))
    if origin is tuple:
        return f"list of {_type_name(arguments[0])}"
    if origin is not None and len(arguments) == 2:
        return f"mapping of {_type_name(arguments[0])} to {_type_name(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    names = {"str": "text", "int": "whole number", "float": "number", "bool": "yes or no (`true`, `false`)"}
    name = getattr(annotation, "__name__", str(annotation))
    return names.get(name, name)


def _parts(kind: type[BaseModel], seen: dict[type[BaseModel], None]) -> None:
    """Collect a model and every model its fields mention, in order of first mention."""
    if kind in seen:
        return
    seen[kind] = None
    for field in kind.model_fields.values():
        for found in _models_in(field.annotation):
            _parts(found, seen)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


def grammar(kind: type[BaseModel], title: str, opening: str) -> str:
    """Return the reference page of what a user may write, from the fields' own words."""
    seen: dict[type[BaseModel], None] = {}
    _parts(kind, seen)
    lines = [f"# {title}", "", opening, ""]
    for part in seen:
        words = " ".join((part.__doc__ or "").split())
        lines += [
            f"## {part.__name__}",
            "",
            words,
            "",
            "| field | what it takes | default | meaning |",
            "|---|---|---|---|",
        ]
        for name, field in part.model_fields.items():
            default = "required" if field.is_required() else _default(field.default)
            words = " ".join((field.description or "").split()).replace("|", "\\|")
            lines.append(
                f"| `{field.alias or name}` | {_type_name(field.annotation).replace('|', 'or')} | {default} | {words} |"
            )
        lines.append("")
    return NOTE + "\n".join(lines)


def _default(value: object) -> str:
    if value is None or value == () or value == {}:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def problems() -> str:
    """Return the reference page of problem codes with their sentences in both languages."""
    english, vietnamese = (locale.texts("problems", lang) for lang in ("en", "vi"))
    lines = [
        "# Problems", "",
        "Every message ends with its code in brackets. "
        "What stands in braces is filled with the place's own values.", "",
        "| code | in English | tiếng Việt |", "|---|---|---|",
    ]  # fmt: skip
    lines += [f"| `{code}` | {_cell(english[code])} | {_cell(vietnamese[code])} |" for code in sorted(english)]
    return NOTE + "\n".join(lines) + "\n"


def indicators() -> str:
    """Return the reference page of indicators: what each measures, in which unit, by which formula and source."""
    lines = [
        "# Indicators", "",
        "Pure functions of results. `evaluate(results, [ids])` computes them, targets name them.", "",
        "| id | name | unit | by | formula | source |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for key, found in REGISTRY.items():
        name = f"{found.label('en')} / {found.label('vi')}"
        cells = (f"`{key}`", name, found.unit, found.by or "–", found.formula("en"), found.source)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    lines += [
        "", "## Money", "",
        "`compare` gives these for every option, in real VND of its price year; targets cannot name them.", "",
        "| id | name | unit | of | formula | source |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for key, measure in MEASURES.items():
        name = f"{measure.label('en')} / {measure.label('vi')}"
        told = (f"`{key}`", name, measure.unit, measure.by, measure.formula("en"), measure.source)
        lines.append(f"| {' | '.join(_cell(cell) for cell in told)} |")
    return NOTE + "\n".join(lines) + "\n"


def command_line() -> str:
    """Return the reference page of the command line: the help of every verb, as it is printed."""
    lines = [
        "# Command line", "",
        "The language of help, tables and messages is that of `--lang` or `CEMFA_LANG`. "
        "Tables go to stdout, everything else to stderr. "
        "Exit codes: 0 fine, 1 a fault of cemfa, 2 wrong input or usage, 3 no solution, "
        "4 a file cannot be read or written, 5 the machine is too small, 130 interrupted.", "",
    ]  # fmt: skip
    with locale.use("en"):
        for verb in ("", *VERBS):
            words = ["cemfa", verb] if verb else ["cemfa"]
            command = Verbs() if not verb else Verbs().get_command(click.Context(Verbs()), verb)
            context = click.Context(command, info_name=" ".join(words), terminal_width=100, max_content_width=100)
            lines += [f"## {' '.join(words)}", "", "```text", command.get_help(context), "```", ""]
    return NOTE + "\n".join(lines)


def models() -> str:
    """Return the reference page of the models that ship: their size, and what their numbers rest on."""
    lines = [
        "# The models that ship", "",
        "How many numbers each holds (rows of parameters, technologies and composition), and what they rest on: "
        "`reported` was read in the cited source, `derived` was computed from such numbers, "
        "`unverified` is literature that was not opened, or judgement.", "",
        "| model | processes | flows | numbers | reported | derived | unverified | unverified share | sources |",
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, folder in library.models().items():
        model = read_model(folder)
        bases = [row.basis for row in (*model.parameters, *model.composition)]
        counts = [bases.count(basis) for basis in ("reported", "derived", "unverified")]
        share = f"{counts[-1] / len(bases):.0%}"
        cells = (len(model.processes), len(model.flows), len(bases), *counts, share, len(model.sources))
        lines.append(f"| [`{name}`](../../models/{name}) | {' | '.join(map(str, cells))} |")
    for name, folder in library.models().items():
        model = read_model(folder)
        if model.technology_profiles:
            lines += ["", f"## Technologies of `{name}`", "", *_technologies(model)]
    return NOTE + "\n".join(lines) + "\n"


def _technologies(model: schema.Model) -> Iterator[str]:
    """Yield the table of a model's technologies and, for each, what its profile says beside its numbers."""
    yield (
        "Central values; spreads, basis and source of each number stand in `technologies.csv`, "
        "and `cemfa list technologies --json` prints them for other programs."
    )
    yield ""
    heads = (
        "technology", "readiness", "at [t/d]", "capex [M VND per t/d]", "exponent",
        "construction, equipment, other [%]",
        "fixed [M VND a year per t/d]", "variable [k VND/t]", "staff per t/d", "unskilled, skilled, technical [%]",
        "permit, procurement, construction, trial [month]", "life [year]", "MTBF, MTTR [d]", "land [ha per t/d]",
        "of it green belt [%]", "power used, given [kWh/t]", "buffer [m]",
    )  # fmt: skip
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for technology in model.technology_profiles:
        yield f"| {' | '.join(_technology_cells(model, technology))} |"
    for technology, profile in model.technology_profiles.items():
        row = technologies.profile_row(model, technology, "en")
        parameters = [
            f"{words}: {', '.join(f'`{name}`' for name in names)}"
            for words, names in (
                ("yields", profile.yields), ("to air", profile.losses_to_air), ("to water", profile.losses_to_water),
                ("rejects", profile.rejects),
            )
            if names
        ]  # fmt: skip
        takes, makes = (", ".join(str(good) for good in row[key]) for key in ("takes", "products"))
        clause = f" Buffer: {row['buffer_clause']}." if row["buffer_clause"] else ""
        yield ""
        yield (
            f"**{profile.label.en}** ({profile.label.vi}, `{technology}`) takes {takes}; "
            f"makes {makes or 'no good for sale'}. "
            f"{'; '.join(parameters)}. Leachate: {row['leachate_control']}. Odour: {row['odour_control']}.{clause} "
            f"Basis: {row['basis']}, `{row['source']}`."
        )


def _technology_cells(model: schema.Model, technology: str) -> list[str]:
    own = technologies.profile_row(model, technology, "en") | {
        name: row.value
        for name, row in technologies.rows_of(model)[technology].items()
        if name.startswith("lead_time_")
    }

    def of(*names: str, per: float = 1.0) -> str:
        return " / ".join("–" if own.get(name) is None else f"{own[name] / per:g}" for name in names)

    stages = [f"lead_time_{stage}" for stage in technologies.STAGES]
    return [
        f"`{technology}`", of("readiness"), of("reference_capacity"), of("capex", per=1e6), of("scale_exponent"),
        of(*technologies.SHARES["capex"], per=0.01), of("opex_fixed", per=1e6), of("opex_variable", per=1e3),
        of("labour"), of(*technologies.SHARES["labour"], per=0.01), of(*stages), of("life"),
        of("mean_time_between_failures", "mean_time_to_repair"), of("land"), of("green_belt_share_of_land", per=0.01),
        of("electricity_use", "electricity_yield"), of("buffer_distance"),
    ]  # fmt: skip


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def pages() -> dict[str, str]:
    """Return every generated page by file name."""
    return {
        "model.md": grammar(
            schema.Model,
            "The model folder",
            "What `model.yaml` and the tables beside it may hold. Lists and mappings are YAML's own.",
        ),
        "scenario.md": grammar(schema.Scenario, "The scenario file", "What a scenario's YAML file may hold."),
        "models.md": models(),
        "problems.md": problems(),
        "indicators.md": indicators(),
        "command_line.md": command_line(),
    }


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in pages().items():
        (FOLDER / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
