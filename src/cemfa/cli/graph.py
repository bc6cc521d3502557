"""`cemfa graph`: what a model is made of: processes, flows, boundary, loops by the mass they carry; and its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cemfa import locale
from cemfa.cli.words import Verb, option, whole
from cemfa.errors import CemfaError, Problem, SolveError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import networkx as nx

    from cemfa.cli.subject import Subject

_SUFFIXES = (".svg", ".png", ".pdf")


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "graph",
        _graph,
        [
            click.Argument(["name"], metavar="MODEL|SCENARIO"),
            option("--option"),
            option("--year", **whole(1)),
            option("--process", metavar="PROCESS"),
            option("--out", key="out-figure", metavar="FILE"),
            option("--json", "as_json", key="json", is_flag=True),
        ],
    )


def _graph(
    name: str, option: str | None, year: int | None, process: str | None, out: str | None, as_json: bool
) -> None:
    from cemfa.cli.output import new_file, note, show_json
    from cemfa.cli.subject import read_subject
    from cemfa.graph import build_graph

    file = new_file(out, _SUFFIXES) if out else None
    subject = read_subject(name, option)
    shown = subject.year(year)
    graph = build_graph(subject.model)
    members = _members(graph, process) if process is not None else []
    mass = _mass(subject, shown)
    told = _told(graph, mass, members)
    if as_json:
        show_json(told)
    else:
        _show(told, subject, shown, process)
    if file is not None:
        from cemfa.figures.svg import save_figure
        from cemfa.figures.system_picture import system_picture

        lang, model = locale.language(), subject.model
        picture = system_picture(
            graph,
            lang,
            labels={key: each.label.of(lang) for key, each in model.processes.items() if each.label},
            goods={key: good.label.of(lang) for key, good in model.goods.items()},
            mass=mass,
            title=model.label.of(lang),
        )
        note("written", file=str(save_figure(picture, file)))


def _members(graph: nx.MultiDiGraph, process: str) -> list[str]:
    """Return the copies of a process, or the one copy that is meant."""
    names = [str(name) for name in dict.fromkeys(name for _, name in graph.nodes(data="name")) if name]
    found = [node for node, name in graph.nodes(data="name") if process in (node, name) and name]
    if not found:
        from cemfa.cli.usage import near

        shown = {"process": process, "near": near(process, names) or tuple(names[:12])}
        raise locale.error(CemfaError, Problem("graph-process-unknown", parameters=shown))
    return found


def _mass(subject: Subject, year: int) -> dict[str, float]:
    """Return the fresh mass of every flow in a year from central values; nothing where these cannot be solved."""
    from cemfa.cli.output import warn
    from cemfa.system.solve import solve

    try:
        results = solve(subject.system(), plan=subject.plan)
    except SolveError as wrong:
        for problem in wrong.problems:  # the graph is all the more wanted then
            warn(problem)
        return {}
    flows = results.cemfa.flows().isel(sample=0).sel(period=year)
    return dict(zip(flows["flow"].to_numpy().tolist(), flows.to_numpy().tolist(), strict=True))


def _told(graph: nx.MultiDiGraph, mass: Mapping[str, float], members: Sequence[str]) -> dict[str, Any]:
    """Return all that is said about a graph as plain data."""
    from cemfa.definition.expansion import OUTSIDE
    from cemfa.graph import boundary_flows, mass_round, reached, reaching, unreachable, without_outlet

    lang = locale.language()
    entering, leaving = boundary_flows(graph)
    data = {key: d for _, _, key, d in graph.edges(keys=True, data=True)}
    names = [name for node, name in graph.nodes(data="name") if node != OUTSIDE]
    flow_names = {d["name"] for d in data.values()}
    told: dict[str, Any] = {
        "counts": {
            "processes": len(set(names)), "process_copies": len(names), "flows": len(flow_names),
            "flow_copies": len(data), "loops": len(graph.graph["loops"]),
        },
        "loops": [
            {"id": loop.id, "label": loop.label[lang], "processes": loop.processes, "mass": carried if mass else None}
            for loop, carried in mass_round(graph, mass)
        ],
        "entering": _by_name(entering, data, mass),
        "leaving": _by_name(leaving, data, mass),
        "unused": [p for p in graph if graph.degree(p) == 0],
    }  # fmt: skip
    for key, found in (("unreachable", unreachable(graph)), ("without_outlet", without_outlet(graph))):
        told[key] = [process for process in found if process not in told["unused"]]
    if members:
        told["reaching"] = _names(graph, {p for member in members for p in reaching(graph, member)})
        told["reached"] = _names(graph, {p for member in members for p in reached(graph, member)})
    return told


def _by_name(
    flows: Sequence[str], data: Mapping[str, Mapping[str, Any]], mass: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return flows across the boundary added up over their copies."""
    found: dict[str, dict[str, Any]] = {}
    for flow in flows:
        row = found.setdefault(data[flow]["name"], {"flow": data[flow]["name"], "goods": [], "copies": 0, "mass": 0.0})
        row["copies"] += 1
        row["mass"] += mass.get(flow, 0.0)
        if data[flow]["good"] not in row["goods"]:
            row["goods"].append(data[flow]["good"])
    return [row if mass else row | {"mass": None} for row in found.values()]


def _names(graph: nx.MultiDiGraph, chosen: set[str]) -> list[str]:
    return list(dict.fromkeys(graph.nodes[p]["name"] for p in graph if p in chosen))


def _show(told: Mapping[str, Any], subject: Subject, year: int, process: str | None) -> None:
    from cemfa.cli.output import Column, show

    lang, model = locale.language(), subject.model
    click.echo(locale.text("cli.graph-counts", label=subject.label(lang), **told["counts"]))
    mass = Column("mass", locale.text("cli.column-mass"), 0)
    if told["loops"]:
        title = locale.text("cli.title-loops", year=year)
        show(title, [Column("label", locale.text("cli.column-loop")), mass], told["loops"], as_json=False)
    rows = []
    for way in ("entering", "leaving"):
        for row in told[way]:
            goods = ", ".join(
                model.goods[good].label.of(lang) if good in model.goods else good for good in row["goods"]
            )
            rows.append(row | {"goods": goods, "way": locale.text(f"cli.{way}")})
    headings = {"way": "column-way", "flow": "column-flow", "goods": "column-good", "copies": "column-copies"}
    columns = [Column(key, locale.text(f"cli.{heading}")) for key, heading in headings.items()]
    show(locale.text("cli.title-boundary", year=year), [*columns, mass], rows, as_json=False, lead=2)
    labels = {key: each.label.of(lang) for key, each in model.processes.items() if each.label}
    for key in ("unreachable", "without_outlet", "unused"):
        if told[key]:
            click.echo(locale.text(f"cli.graph-{key}", processes=_counted(told[key], labels)))
    for key in ("reaching", "reached"):
        if key in told:
            found = [labels.get(name, name) for name in told[key]]
            click.echo(locale.text(f"cli.graph-{key}", process=process, count=len(found), processes=found))


def _counted(processes: Sequence[str], labels: Mapping[str, str]) -> list[str]:
    """Return processes by name, with the number of copies that are meant: there may be hundreds."""
    found: dict[str, int] = {}
    for process in processes:
        name = process.partition("[")[0]
        found[name] = found.get(name, 0) + 1
    return [labels.get(name, name) + (f" ×{count}" if count > 1 else "") for name, count in found.items()]
