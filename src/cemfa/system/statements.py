"""What flows state, as rows of integers: amounts, shares, remainders, ratios, stated moisture, demands filled.

The largest part of compiling. A statement becomes products of parameters where its share is known beforehand,
and an entry for the solver where it depends on the flows themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from cemfa import units
from cemfa.definition.schema import Factor, Flow
from cemfa.errors import Problem
from cemfa.system.boundary import BoundaryBook
from cemfa.system.changes import UseBook
from cemfa.system.elimination import OUTSIDE
from cemfa.system.layout import Amounts, Array, Demands, Index, Moistures, Products, Ratios, Remainders
from cemfa.system.parameters import ONE, ZERO
from cemfa.system.pattern import Pattern
from cemfa.system.tables import index

NOTHING, WHOLE = 0, 1
"""Products zero and one."""
TIED, REMAINS, STATED = -1, -2, -3
"""In the table of shares while compiling: follows another flow, is a remainder, states its moisture."""


class StatementBook:
    """Reads the statements of all flows; `read` once, then take the frozen parts."""

    def __init__(self, pattern: Pattern, uses: UseBook, boundary: BoundaryBook) -> None:
        self.pattern, self.uses, self.boundary = pattern, uses, boundary
        self.years = pattern.model.periods.years
        self.problems: list[Problem] = []
        self._products: dict[tuple[int, ...], int] = {(ZERO,): NOTHING, (ONE,): WHOLE}
        self.share = np.zeros((len(pattern.flow_ids), len(pattern.layers)), dtype=np.int32)
        self._amounts: dict[bool, list[tuple[int, int, int, list[float], int, int, bool]]] = defaultdict(list)
        self._moist: list[tuple[int, int]] = []
        self._ratios: list[int] = []
        self._follows: dict[bool, list[tuple[int, int, list[int], int, int]]] = defaultdict(list)
        self._remains: dict[tuple[int, int], int] = {}
        self._tied: list[tuple[int, tuple[int, int], int]] = []

    def read(self) -> None:
        """Read every flow; ratios last, as they follow what others state."""
        for flow in range(len(self.pattern.flow_ids)):
            stated = self.pattern.flow(flow)
            if stated.amount is not None:
                self._read_amount(flow, stated)
            elif stated.share is not None:
                self._read_share(flow, stated)
            elif stated.ratio is not None:
                self._ratios.append(flow)
        waiting = list(self._ratios)
        while ready := [f for f in waiting if not self._ratio_waits(f, waiting)]:
            for flow in ready:
                self._read_ratio(flow)
            waiting = [f for f in waiting if f not in ready]
        for flow in waiting:
            self._problem(flow, "ratio-circle", "ratio")
        self.share = np.maximum(self.share, NOTHING)

    def product(self, factors: Sequence[int]) -> int:
        """Return the position of a product of uses."""
        key = tuple(factors)
        if ZERO in key:
            return NOTHING
        kept = tuple(f for f in key if f != ONE) or (ONE,)
        return self._products.setdefault(kept, len(self._products))

    def factors_of(self, flow: int, factors: Sequence[Factor], key: str, layer: str = "") -> list[int]:
        """Return the uses of a flow's parameters, in a layer where the parameters have that column."""
        known = self.pattern.known_of_flow(flow)
        place = self.pattern.flow_place(flow, key)
        found = []
        for factor in factors:
            by_layer = "layer" in self.uses.parameters.columns.get(str(factor), ())
            found.append(self.uses.of(factor, {**known, "layer": layer} if by_layer and layer else known, place))
        return found

    def per_year(self, factors: Sequence[Factor], place_of: int, key: str) -> list[float]:
        """Return what turns a product into t/year, per period."""
        place = self.pattern.flow_place(place_of, key)
        known = self.uses.parameters.by_parameter
        unit = units.product([self.uses.parameters.unit(f) for f in factors if isinstance(f, str) and f in known])
        return [units.per_year_factor(unit, year, place) for year in self.years]

    def frozen_products(self) -> Products:
        """Return all products, shorter ones filled up with the literal one."""
        longest = max(len(key) for key in self._products)
        return Products(np.array([(*key, *[ONE] * (longest - len(key))) for key in self._products], dtype=np.int32))

    def frozen_amounts(self, *, outside: bool) -> Amounts:
        """Return the amounts that come from outside (or out of a stock), or those out of processes."""
        found = self._amounts[outside]
        return Amounts(
            flow=index(a[0] for a in found),
            layer=index(a[1] for a in found),
            product=index(a[2] for a in found),
            factor=np.array([a[3] for a in found], dtype=np.float64).reshape(-1, len(self.years)).T,
            basis=index(a[4] for a in found),
            good=index(a[5] for a in found),
            at_most=np.array([a[6] for a in found], dtype=bool),
        )

    def frozen_ratios(self, *, outside: bool) -> Ratios:
        """Return the ratios of imports, or those of flows out of processes, that follow flows being solved."""
        found = self._follows[outside]
        return Ratios(
            index(r[0] for r in found),
            index(r[1] for r in found),
            tuple(index(r[2]) for r in found),
            index(r[3] for r in found),
            index(r[4] for r in found),
        )

    def frozen_remainders(self) -> Remainders:
        """Return the remainders and what is tied to them."""
        number = {key: entry for entry, key in enumerate(self._remains)}
        return Remainders(
            flow=index(self._remains.values()),
            layer=index(layer for _, layer in self._remains),
            tied_flow=index(flow for flow, _, _ in self._tied),
            tied_to=index(number[to] for _, to, _ in self._tied),
            tied_product=index(product for _, _, product in self._tied),
        )

    def frozen_moistures(self) -> Moistures:
        """Return the flows that state how much of a layer they hold."""
        found: list[tuple[int, int, int, Array, bool, int]] = []
        for flow, layer in self._moist:
            name, good = self.pattern.layers[layer], self.pattern.elements.flows[flow].good
            stated = self.boundary.use(good, name)
            gives_way = self._remains.get((int(self.pattern.source[flow]), layer))
            if stated is None:
                self._problem(flow, "moisture-missing", "share", good=good, layer=name)
            elif gives_way is None:
                self._problem(flow, "moisture-remainder", "share", layer=name)
            else:
                use, per = stated
                weight = self.pattern.weight(self.pattern.layers[per] if per >= 0 else "fresh")
                weight[layer] = 0.0
                found.append((flow, layer, use, weight, per < 0, gives_way))
        return Moistures(
            flow=index(m[0] for m in found),
            layer=index(m[1] for m in found),
            use=index(m[2] for m in found),
            weight=np.array([m[3] for m in found]).reshape(-1, len(self.pattern.layers)),
            fresh=np.array([m[4] for m in found], dtype=bool),
            remainder=index(m[5] for m in found),
        )

    def frozen_demands(self) -> Demands:
        """Return the demands of processes and the imports that fill them."""
        pattern = self.pattern
        found: list[tuple[int, int, int, list[float], Array, int, int, Index]] = []
        for process in range(len(pattern.process_ids)):
            fills = [f for f in pattern.arriving[process] if pattern.flow(f).fills]
            stated = self._demand(process, fills)
            if stated is None:
                continue
            product, factor, name = stated
            (flow,) = fills
            basis = pattern.layer(name)
            good = self.boundary.of(pattern.elements.flows[flow].good, basis)
            others = index(f for f in pattern.arriving[process] if f != flow)
            found.append((process, flow, product, factor, pattern.weight(name), basis, good, others))
        return Demands(
            process=index(d[0] for d in found),
            flow=index(d[1] for d in found),
            product=index(d[2] for d in found),
            factor=np.array([d[3] for d in found], dtype=np.float64).reshape(-1, len(self.years)).T,
            weight=np.array([d[4] for d in found]).reshape(-1, len(pattern.layers)),
            basis=index(d[5] for d in found),
            good=index(d[6] for d in found),
            others=tuple(d[7] for d in found),
        )

    def _demand(self, process: int, fills: Sequence[int]) -> tuple[int, list[float], str] | None:
        """Return product, factors and basis of the demand that a flow fills; of a stock they follow from its content.

        None where nothing fills it; what does not fit is a problem.
        """
        pattern, stated = self.pattern, self.pattern.process(process)
        kinds = [pattern.flow(f).fills for f in fills]
        if len(fills) == 1 and pattern.source[fills[0]] == OUTSIDE:
            if kinds == ["stock"] and stated.stock and stated.stock.content is not None and stated.demand is None:
                return NOTHING, [1.0] * len(self.years), stated.stock.basis
            if kinds == ["demand"] and stated.demand is not None:
                known, place = pattern.known_of_process(process), pattern.flow_place(fills[0], "fills")
                product = self.product([self.uses.of(f, known, place) for f in stated.demand.amount])
                return product, self.per_year(stated.demand.amount, fills[0], "fills"), stated.demand.basis
        for flow in fills:
            shown = {"process": pattern.process_ids[process], "count": len(fills)}
            self._problem(
                flow, "fills-stock" if pattern.flow(flow).fills == "stock" else "fills-demand", "fills", **shown
            )
        return None

    def _read_amount(self, flow: int, stated: Flow) -> None:
        amount, outside = stated.amount or {}, bool(self.pattern.source[flow] == OUTSIDE)
        if not outside and self.pattern.process(int(self.pattern.source[flow])).stock:
            self._problem(flow, "amount-stock", "amount")
            return
        good = self.pattern.elements.flows[flow].good
        if set(amount) == {"other"}:
            basis = self.pattern.layer(stated.basis)
            composition = self.boundary.of(good, basis) if outside else -1
            self._add_amount(flow, -1, amount["other"], basis, composition, stated.at_most, outside=outside)
            return
        for layer, name in enumerate(self.pattern.layers):
            factors = amount.get(name, amount.get("other"))
            if factors is None:
                self._problem(flow, "amount-layer", "amount", layer=name)
            else:
                self._add_amount(flow, layer, factors, -1, -1, stated.at_most, outside=outside)

    def _add_amount(
        self,
        flow: int,
        layer: int,
        factors: Sequence[Factor],
        basis: int,
        good: int,
        at_most: bool,
        *,
        outside: bool,
    ) -> None:
        name = self.pattern.layers[layer] if layer >= 0 else ""
        product = self.product(self.factors_of(flow, factors, "amount", name))
        literal = all(isinstance(f, int) for f in factors)
        factor = [1.0] * len(self.years) if literal else self.per_year(factors, flow, "amount")
        self._amounts[outside].append((flow, layer, product, factor, basis, good, at_most))

    def _read_share(self, flow: int, stated: Flow) -> None:
        process = int(self.pattern.source[flow])
        if process == OUTSIDE:
            self._problem(flow, "share-outside", "share")
            return
        share = stated.share or {}
        good = self.pattern.model.goods.get(self.pattern.elements.flows[flow].good)
        for layer, name in enumerate(self.pattern.layers):
            word = share.get(name, share.get("other"))
            if good and name in good.cannot_carry and name not in share:
                continue
            if word is None:
                self._problem(flow, "share-layer", "share", layer=name)
            elif word == "remainder":
                first = self._remains.setdefault((process, layer), flow)
                self.share[flow, layer] = REMAINS
                if first != flow:
                    shown = {"process": self.pattern.process_ids[process], "layer": name}
                    self._problem(flow, "remainder-twice", "share", other=self.pattern.flow_ids[first], **shown)
            elif word == "by_moisture":
                self.share[flow, layer] = STATED
                self._moist.append((flow, layer))
            else:
                self.share[flow, layer] = self.product(self.factors_of(flow, word, "share", name))

    def _followed(self, flow: int) -> tuple[list[int], bool]:
        """Return the flows a ratio follows, and whether it is one flow out of the same process."""
        stated = self.pattern.flow(flow).ratio
        name = stated.of if stated else ""
        source, target = int(self.pattern.source[flow]), int(self.pattern.target[flow])
        beside = self.pattern.beside(flow, name) if source != OUTSIDE else []
        found = beside or self.pattern.touching(flow, name, source if source != OUTSIDE else target)
        return found, len(beside) == 1

    def _ratio_waits(self, flow: int, waiting: Sequence[int]) -> bool:
        return any(f in waiting for f in self._followed(flow)[0])

    def _read_ratio(self, flow: int) -> None:
        stated = self.pattern.flow(flow).ratio
        found, beside = self._followed(flow)
        if stated is None or not found:
            self._problem(flow, "ratio-of", "ratio", of=stated.of if stated else "")
            return
        times = self.factors_of(flow, stated.times, "ratio")
        if beside and self._known_beforehand(found[0]):
            self._tie(flow, found[0], times)
            return
        self.share[flow] = TIED
        outside = bool(self.pattern.source[flow] == OUTSIDE)
        basis = self.pattern.layer(self.pattern.flow(flow).basis) if outside else -1
        good = self.boundary.of(self.pattern.elements.flows[flow].good, basis) if outside else -1
        self._follows[outside].append((flow, self.product(times), found, good, basis))

    def _known_beforehand(self, flow: int) -> bool:
        """Tell whether a flow has a share in every layer that does not depend on flows being solved."""
        entries = set(self.share[flow].tolist())
        return bool(entries != {NOTHING}) and not entries & {TIED, STATED}

    def _tie(self, flow: int, other: int, times: list[int]) -> None:
        """Make a flow proportional to another one whose share is known beforehand."""
        keys = {product: key for key, product in self._products.items()}
        process = int(self.pattern.source[flow])
        for layer, entry in enumerate(self.share[other].tolist()):
            if entry == REMAINS:
                self._tied.append((flow, (process, layer), self.product(times)))
                self.share[flow, layer] = TIED
            else:
                self.share[flow, layer] = self.product([*keys[entry], *times])

    def _problem(self, flow: int, code: str, key: str, **shown: object) -> None:
        parameters = {"flow": self.pattern.flow_ids[flow], **shown}
        self.problems.append(Problem(code, self.pattern.flow_place(flow, key), parameters))
