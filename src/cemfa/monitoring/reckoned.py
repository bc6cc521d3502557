"""What the model reckons for the targets of a year, to stand beside what was reported.

Stands beside `yearly`, which shows it in a column of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from cemfa import units
from cemfa.definition.schema import Target
from cemfa.errors import UnitError
from cemfa.indicators.catalogue import REGISTRY, evaluate, supported
from cemfa.plan import Plan
from cemfa.system.compile import System
from cemfa.system.solve import solve
from cemfa.targets import assess


def reckoned(system: System, plan: Plan | None, targets: Sequence[Target], year: int) -> dict[str, float]:
    """Return per target with an indicator what the annual balance gives for a year, in the target's unit.

    Parameters
    ----------
    system : the compiled model
    plan : what is built and changed; None: nothing
    targets : of the model; those whose indicator it cannot support are left out
    year : calendar year

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> from cemfa.system.compile import compile_system
    >>> model = read_model("first_steps")
    >>> found = reckoned(compile_system(model), None, model.targets, 2030)
    >>> sorted(found), all(0 <= value <= 100 for value in found.values())
    (['S01', 'S02'], True)
    """
    results = solve(system, plan=plan)
    known = set(supported(results))
    asked = [target for target in targets if target.indicator in known]
    values = evaluate(results, sorted({str(target.indicator) for target in asked}))
    found: dict[str, float] = {}
    for seen in assess(values, [target.model_copy(update={"year": year}) for target in asked]):
        try:
            factor = units.parse(seen.target.unit or "1").factor
        except UnitError:
            continue
        own = units.parse(REGISTRY[str(seen.target.indicator)].unit)
        if seen.value is not None and own.dimension == units.parse(seen.target.unit or "1").dimension:
            found[seen.target.id] = seen.value.p50 * own.factor / factor
    return found
