"""Model -> System: names become integer positions once, every reference is resolved, the pattern is eliminated.

Fourth link of the chain. What a flow states becomes rows of integer arrays; numbers come later, per period and
block (`numbers`). All that cannot be resolved is reported at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from cemfa import locale, units
from cemfa.definition.schema import Model
from cemfa.errors import DefinitionError, Place
from cemfa.graph import expand
from cemfa.system.boundary import BoundaryBook
from cemfa.system.changes import UseBook
from cemfa.system.coordinates import cell_coords, flow_coords, process_coords
from cemfa.system.elimination import OUTSIDE, Elimination, eliminate
from cemfa.system.layout import System
from cemfa.system.parameters import read_parameters
from cemfa.system.pattern import Pattern
from cemfa.system.plants import PlantBook, decides, given, undecided
from cemfa.system.sampling import Sampler
from cemfa.system.statements import StatementBook
from cemfa.system.stockbook import StockBook
from cemfa.system.tables import index

__all__ = ["System", "compile_system"]


def compile_system(model: Model, *, assume: Mapping[str, str] = MappingProxyType({})) -> System:
    """Return a model compiled for solving.

    Parameters
    ----------
    model : as read
    assume : parameter → alternative set of numbers to use instead of the default one

    Raises
    ------
    DefinitionError
        with everything that cannot be resolved: missing parameters, layers, compositions, outlets, alternatives.
    UnitError
        where an amount is no mass per time.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> system = compile_system(read_model("first_steps"))
    >>> len(system.process_ids), len(system.flow_ids), system.layers
    (10, 22, ('dry_matter', 'water', 'carbon', 'nitrogen'))
    """
    pattern = Pattern(model, expand(model))
    parameters, problems = read_parameters(model, assume)
    uses = UseBook(parameters)
    boundary = BoundaryBook(pattern, uses)
    statements = StatementBook(pattern, uses, boundary)
    statements.read()
    demands, moistures = statements.frozen_demands(), statements.frozen_moistures()
    plants = PlantBook(pattern, uses)
    groups, capacities = plants.groups()
    dispatch, stock_book = plants.dispatch(groups), StockBook(pattern, uses, statements)
    stocks = stock_book.read(demands)
    shown = [cell for cell in parameters.cells if "." not in cell.parameter]
    cells = index(uses.of(cell.parameter, dict(cell.index), Place(path="parameters")) for cell in shown)
    problems += [
        *uses.problems.values(),
        *boundary.problems,
        *statements.problems,
        *plants.problems,
        *stock_book.problems,
    ]
    problems += undecided(pattern)
    if problems:
        raise locale.error(DefinitionError, problems)
    return System(
        model=model,
        years=model.periods.years,
        days=index(units.days_in(year) for year in model.periods.years),
        layers=model.layers.names,
        mass_layers=model.layers.mass,
        process_ids=pattern.process_ids,
        flow_ids=pattern.flow_ids,
        process_coords=process_coords(pattern),
        flow_coords=flow_coords(pattern),
        cell_coords=cell_coords(pattern, shown),
        source=pattern.source,
        target=pattern.target,
        given=given(pattern),
        season=tuple(pattern.season(f) for f in range(len(pattern.flow_ids))),
        elimination=_eliminated(pattern),
        parameters=parameters,
        uses=uses.frozen(),
        sampler=Sampler.of(parameters.rows),
        products=statements.frozen_products(),
        boundary=boundary.frozen(),
        share=statements.share,
        amounts_in=statements.frozen_amounts(outside=True),
        amounts_out=statements.frozen_amounts(outside=False),
        ratios_in=statements.frozen_ratios(outside=True),
        ratios_out=statements.frozen_ratios(outside=False),
        remainders=statements.frozen_remainders(),
        moistures=moistures,
        demands=demands,
        groups=groups,
        capacities=capacities,
        dispatch=dispatch,
        stocks=stocks,
        decides=decides(pattern),
        cells=cells,
    )


def _eliminated(pattern: Pattern) -> Elimination:
    """Return the elimination of the flows inside; matter out of a stock is an input, like matter from outside."""
    source = np.where(given(pattern), OUTSIDE, pattern.source)
    return eliminate(len(pattern.process_ids), source, pattern.target)
