"""What a comparison holds: frozen objects that the report, the workbook and the command line read.

Lowest part of `comparison`: no arithmetic but looking up. Masses are t/yr in datasets and t/d in summaries,
money is VND of the scenario's price year, dates are decimal calendar years.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from cemfa.comparison.finances import Finances
from cemfa.comparison.measures import Step
from cemfa.comparison.turning import Bar
from cemfa.definition.schema import Criterion, Funding, Label, Model, Scenario
from cemfa.indicators.spread import Stat
from cemfa.indicators.view import Array
from cemfa.targets import Assessment

if TYPE_CHECKING:
    import pandas as pd

    from cemfa.comparison.plot import Plot
    from cemfa.comparison.table import Table
    from cemfa.errors import Problem


@dataclass(frozen=True, slots=True)
class Driver:
    """A parameter that the headline rate of the target year hangs on.

    Parameters
    ----------
    parameter, label : its id and name
    share : share of the variance, squared rank correlation (0 … 1)
    sign : +1 where more of it means a higher rate, else -1
    basis : the weakest basis of its rows: unverified, derived, reported
    source : citation keys of those rows
    """

    parameter: str
    label: Label
    share: float
    sign: int
    basis: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why organic waste does not count as recycled in the target year.

    Parameters
    ----------
    cause : one of `cemfa.indicators.losses.CAUSES`; words in `comparison.cause.<cause>`
    settlement : urban, rural or all
    mass : [t/d]
    """

    cause: str
    settlement: str
    mass: Stat


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """A project as it turned out over all replications.

    Parameters
    ----------
    id, label : of the project
    process : whose capacity grows
    place : item per dimension
    district : its district, "" where it has none
    capacity : design intake [t/d]
    owner, operator, form, site_secured, land, decision : as written
    commissioning : date of full operation [decimal year]; None where no run simulates dates
    latest : latest date of the decision [decimal year] for which it runs fully from 1 January of the target year, with
        even odds and in nine histories of ten; None where no run simulates dates
    capex : investment [VND]
    intake : taken in by this plant in the target year [t/d]
    utilisation : intake over design capacity in the target year [-]
    funding : rows as written
    """

    id: str
    label: Label
    process: str
    place: Mapping[str, str]
    district: str
    capacity: float
    owner: Label
    operator: Label
    form: str
    site_secured: bool
    land: float | None
    decision: datetime.date
    commissioning: Stat | None
    latest: tuple[float, float] | None
    capex: Stat | None
    intake: Stat | None
    utilisation: Stat | None
    funding: tuple[Funding, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeResult:
    """A programme: what it costs to start and to keep going.

    Parameters
    ----------
    reached : units reached in the target year, in `unit` (households); None where nothing is paid by the unit
    start_up : spent on reaching new ones, over the horizon, not discounted [VND]
    running : spent in the target year [VND/yr]
    """

    id: str
    label: Label
    owner: Label
    reached: float | None
    unit: str
    start_up: Stat | None
    running: Stat | None
    funding: tuple[Funding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Economics:
    """The money and the work of one option.

    Parameters
    ----------
    price_year : all money is VND of this year
    first_year : everything is discounted to its 1 January
    years : decision years, as `year` in the datasets
    samples : per sample: `capex` [VND], `npv`, `npv_operator`, `levelised_cost`, `levelised_cost_net`,
        `abatement_cost`, `salvage`, `discount_rate`, `inflation`, and per year `investment`, `running`, `revenue`
        (products and power sold), `elsewhere` (other plants run more; less burial is a saving), `haulage` (between
        places), `refused` (waste that events turn away, by their own price), `fees`, `tonnes`, `need`, `after_donors`,
        `value_added` [VND/yr], `value_added_per_tonne` [VND/t]
    budget : (sample, year, funder) [VND/yr]; the funder `unfunded` is the need that nobody covers; the rows of a
        year sum to its need exactly
    after_donors : (sample, year), recurrent need once donors no longer pay [VND/yr]
    capex : investment over the horizon, replacements included, not discounted [VND]
    opex : running cost in the target year [VND/yr]
    npv : products sold − investment − running − haulage − what refused waste costs + salvage; gate fees move money
        inside the area and do not count
    npv_operator : the same with gate fees received by the plants
    levelised_cost : PV(capex + opex − salvage) / PV(tonnes accepted), products not deducted [VND/t]; tonnes of
        plants and, for programmes, tonnes newly recycled
    levelised_cost_net : the same with products sold deducted [VND/t]
    abatement_cost : extra cost over emissions avoided against the baseline [VND/tCO2e]
    jobs : full-time jobs at plants in the target year, more than in the baseline
    unadjusted : numbers of model and scenario in money of another year that no price index covers, id and year; they
        enter as they are
    value_added_per_tonne : products and power sold less what is bought to run plants, programmes and haulage, per
        tonne newly taken in, in the target year [VND/t]; see `cemfa.economics.value`
    finances : investment by item, payers by purpose, debt, accounts of actors, fees; None where not reckoned
    """

    price_year: int
    first_year: int
    years: tuple[int, ...]
    samples: xr.Dataset
    budget: xr.DataArray
    after_donors: xr.DataArray
    capex: Stat | None
    opex: Stat | None
    npv: Stat | None
    npv_operator: Stat | None
    levelised_cost: Stat | None
    levelised_cost_net: Stat | None
    abatement_cost: Stat | None
    jobs: Stat | None
    unadjusted: tuple[tuple[str, int], ...]
    value_added_per_tonne: Stat | None = None
    finances: Finances | None = None

    @property
    def funders(self) -> tuple[str, ...]:
        """Rows of the budget, `unfunded` last."""
        return tuple(str(name) for name in self.budget["funder"].to_numpy())

    @property
    def unfunded(self) -> xr.DataArray:
        """(sample, year), need that no source covers [VND/yr]."""
        return self.budget.sel(funder="unfunded", drop=True)


@dataclass(frozen=True, slots=True, eq=False)
class OptionResult:
    """One option, baseline or stress case with everything computed for it.

    Parameters
    ----------
    id : unique in the comparison; a stress case is `<option>.<stress>`
    base_option : the option it comes from, itself outside stress cases
    stress : name of the stress case, None otherwise
    baseline : `as_now` or `as_committed` for the two baselines, else None
    label, summary : words
    letter : A, B, C … of real options; "" for baselines, the option's letter with an apostrophe for stress cases
    indicators : (sample, period, settlement …), see `cemfa.indicators`
    flows : reduced results of the run: `flow_mean`, `utilisation`, `month_use_mean`, `commissioning` …
    targets : one per target of the model
    economics : money and work
    paired : differences to the baseline of the target year (or over the horizon, for money) by key such as
        `rate_with_home.rural`, `ghg_net`, `landfilled_mass`, `npv`
    variance_ratios : by the same keys, how many times more histories independent random numbers would need
    probability_best : share of samples in which it has the highest headline rate, among options; None for a stress
        case, and where nothing is generated that the rate counts
    drivers : what the headline rate is least sure about, largest share first
    unverified_share : share of the explained variance that rests on unverified rows
    reasons : why waste is not recycled in the target year
    losses : (sample, period, settlement, good, part), the loss account from generated to recycled [t/yr]; `all` is
        the last item of settlement and good
    projects, programmes : what it consists of
    """

    id: str
    base_option: str
    stress: str | None
    baseline: str | None
    label: Label
    letter: str
    summary: Label | None
    indicators: xr.Dataset
    flows: xr.Dataset
    targets: tuple[Assessment, ...]
    economics: Economics
    paired: Mapping[str, Stat]
    variance_ratios: Mapping[str, float]
    probability_best: float | None
    drivers: tuple[Driver, ...]
    unverified_share: float
    reasons: tuple[Reason, ...]
    losses: xr.DataArray
    projects: tuple[ProjectResult, ...]
    programmes: tuple[ProgrammeResult, ...]

    def target(self, key: str) -> Assessment:
        """Return the assessment of one target by its id."""
        return next(found for found in self.targets if found.target.id == key)


@dataclass(frozen=True, slots=True)
class Information:
    """What knowing one parameter before choosing would gain on average.

    Parameters
    ----------
    parameter, label : its id and name
    value : expected value of partial perfect information [unit of the aim]
    basis : the weakest basis of its rows
    """

    parameter: str
    label: Label
    value: float
    basis: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A value of a parameter at which the option in the lead changes, by what the samples lead one to expect.

    Parameters
    ----------
    parameter, label, unit : its id, name and unit
    value : where the first place changes [unit]
    below, above : ids of the options that lead just below and just above
    low, middle, high : P5, P50 and P95 of the parameter [unit]
    """

    parameter: str
    label: Label
    unit: str
    value: float
    below: str
    above: str
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """How the options stand by one aim: the headline rate, money, or the weighted score.

    Parameters
    ----------
    key : `rate`, `npv` or `score`
    unit : of its values
    leader : id of the option that is best on average
    expected, probability, loss : per option mean [unit], probability of being best, expected loss of choosing it [unit]
    perfect_information : what knowing everything before choosing would gain on average [unit]
    information : the same for the parameters on which the lead hangs, largest first
    dominated : per order (1, 2) and option the others that dominate it stochastically
    bars : what single parameters do to the leader's value, widest first [unit]
    labels, units : of the parameters of the bars
    turns : where the leader loses its place
    """

    key: str
    unit: str
    leader: str
    expected: Mapping[str, float]
    probability: Mapping[str, float]
    loss: Mapping[str, float]
    perfect_information: float
    information: tuple[Information, ...]
    dominated: Mapping[int, Mapping[str, tuple[str, ...]]]
    bars: tuple[Bar, ...]
    labels: Mapping[str, Label]
    units: Mapping[str, str]
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Options by several weighted criteria.

    Parameters
    ----------
    criteria : as written
    means, scores : per option (C,), mean value in canonical units, and on its fixed scale
    samples : per option (S,), weighted sum
    stability : per option (O,), share of all weights under which it stands first, second, …
    others : per method (`topsis`, `promethee`) and option its value; empty where pymcdm is not installed
    """

    criteria: tuple[Criterion, ...]
    means: Mapping[str, tuple[float, ...]]
    scores: Mapping[str, tuple[float, ...]]
    samples: Mapping[str, Array]
    stability: Mapping[str, Sequence[float]]
    others: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Donation:
    """What a donor asks of an option.

    Parameters
    ----------
    option : its id
    per_tonne : extra net cost over the baseline per tonne recycled more, both as present values [VND/t]; None where
        hardly anything more is recycled
    per_tonne_co2e : extra net cost per tonne of CO2-equivalent avoided [VND/tCO2e]
    grant : paid by donors over the horizon, not discounted [VND]
    share : of the whole need that donors pay [-]
    after : recurrent need of the last year, which donors no longer pay [VND/yr]
    projects : ids of projects and programmes that a donor pays for in part; without the grant they lack a funder
    intake : what these take in in the target year, median [t/d]
    """

    option: str
    per_tonne: Stat | None
    per_tonne_co2e: Stat | None
    grant: Stat | None
    share: float
    after: Stat | None
    projects: tuple[str, ...]
    intake: float


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The choice between baselines and options.

    Parameters
    ----------
    aims : by the headline rate where anything is generated that it counts, by net present value (without baselines:
        doing nothing costs nothing), and by weighted criteria where the scenario has any
    efficient : ids of options that no other beats in both cost and rate, by their medians; none without a rate
    efficient_share : per option the share of samples in which that is so; none without a rate
    scored : by weighted criteria; None without
    donations : per option that is no baseline
    """

    aims: tuple[Aim, ...]
    efficient: tuple[str, ...]
    efficient_share: Mapping[str, float]
    scored: Scored | None
    donations: tuple[Donation, ...]

    def aim(self, key: str) -> Aim | None:
        """Return how options stand by one aim; None where it is not judged."""
        return next((found for found in self.aims if found.key == key), None)


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest decision for one probability.

    Parameters
    ----------
    odds : the probability with which the target has to be met
    months : by how many months the decisions can move, negative where they would have to be earlier; None where the
        target is missed even if all is decided on the first day of the first decision year
    date : of the option's first decision then
    probability : with which the target is met then, in the same histories
    open_end : the target is met however late the option is decided, as far as it was tried
    """

    odds: float
    months: int | None
    date: datetime.date | None
    probability: float
    open_end: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """The abatement cost curve of an option, by the annual balance on central values.

    Parameters
    ----------
    option : its id
    effect : `ghg_net`, emissions avoided [tCO2e], or `organics_recycled` where climate is not modelled [t]; over the
        decision years
    steps : its projects and programmes in the order in which they are cheapest to add, present costs [VND]
    """

    option: str
    effect: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison:
    """Options side by side, reproducible from seed and inputs.

    Parameters
    ----------
    scenario, model : as read
    seed, replications : of the run
    baseline : id of the baseline that differences are taken to: as already committed
    options : baselines first, then options, then stress cases
    headline : ids of the targets that decide, in the order of the model (judged, on the headline rate)
    hopeless : ids of judged targets that no option meets with more than 1 % probability
    ranking : per headline target the options by remaining gap, smallest first
    inputs : SHA-256 of every file read
    residual : largest relative residual of any balance
    version : of cemfa
    unfinished : ids of cases that an interruption left out, or left without their latest decision or their curve
    decision : the choice between options; None where it was not worked out
    latest : per option with projects of its own and headline target the latest decision for even odds and for nine in
        ten, found by simulating again (`cemfa.comparison.latest.with_latest`); empty where it was not asked for
    curves : abatement cost curves of the options that lead, by option; `cemfa.comparison.curve.with_curves` adds others
    without_curve : why there are none, where some of the measures of an option cannot be balanced without the others
    """

    scenario: Scenario
    model: Model
    seed: int
    replications: int
    baseline: str
    options: tuple[OptionResult, ...]
    headline: tuple[str, ...]
    hopeless: tuple[str, ...]
    ranking: Mapping[str, tuple[str, ...]]
    inputs: Mapping[str, str]
    residual: float
    version: str
    unfinished: tuple[str, ...] = ()
    decision: Decision | None = None
    latest: Mapping[str, Mapping[str, tuple[Latest, ...]]] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    without_curve: tuple[Problem, ...] = ()

    def option(self, key: str) -> OptionResult:
        """Return one option by its id."""
        return next(found for found in self.options if found.id == key)

    @property
    def leader(self) -> OptionResult:
        """The option in the lead: by weighted criteria where the scenario has any, else the one nearest to the first
        headline target, else by what it is judged by at all; the baseline where nothing is judged.
        """
        aims = self.decision.aims if self.decision else ()
        scored = [aim.leader for aim in aims if aim.key == "score"]
        nearest = [key for order in self.ranking.values() for key in order if self.option(key).baseline is None]
        return self.option(next(iter([*scored, *nearest, *(aim.leader for aim in aims), self.baseline])))

    @property
    def plain(self) -> tuple[OptionResult, ...]:
        """Baselines and options, without stress cases."""
        return tuple(found for found in self.options if found.stress is None)

    @property
    def stressed(self) -> tuple[OptionResult, ...]:
        """The stress cases."""
        return tuple(found for found in self.options if found.stress is not None)

    def table(self, lang: str | None = None) -> Table:
        """Return the summary table: a row per option, columns with units."""
        from cemfa.comparison.table import summary_table

        return summary_table(self, lang)

    @property
    def plot(self) -> Plot:
        """The report's figures, one by one, for notebooks: ``comparison.plot.tornado("npv", lang="vi")``."""
        from cemfa.comparison.plot import Plot

        return Plot(self)

    def losses(self) -> pd.DataFrame:
        """Return the loss account of every option, year, settlement and good, a row per part [t/d]."""
        from cemfa.comparison.losses import loss_frame

        return loss_frame(self)

    def money(self) -> pd.DataFrame:
        """Return the finances of every option, a row per number with its unit, price year and source."""
        from cemfa.comparison.money_rows import money_frame

        return money_frame(self)

    def months(self) -> pd.DataFrame:
        """Return how the plants of every option run, a row per month, plant and series with mean, P5, P50 and P95."""
        from cemfa.comparison.months import month_frame

        return month_frame(self)

    def save_results(self, path: str | Path) -> Path:
        """Return the path of the netCDF file that now holds the indicators and reduced flows of every option."""
        from cemfa.comparison.store import save

        return save(self, path)

    def __repr__(self) -> str:
        count = f"{len(self.options)} cases, {self.replications} replications, seed {self.seed}"
        return f"<Comparison {self.scenario.id}: {count}>"

    def _repr_html_(self) -> str:
        from cemfa.comparison.table import short_html

        return short_html(self)
