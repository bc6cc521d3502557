"""The figures of a comparison by name, for notebooks: `comparison.plot.<figure>()`.

Top of `comparison`, beside `table`; the same pictures as in the report, drawn once in `cemfa.figures`. Nothing is
reckoned here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cemfa import locale
from cemfa.comparison import choice_pictures, operation, pictures
from cemfa.comparison.curve import with_curves
from cemfa.comparison.happened import history
from cemfa.comparison.words import Words
from cemfa.errors import Problem, ResultsError

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult
    from cemfa.definition.schema import Target
    from cemfa.figures.picture import Picture

FIGURES = (
    "abatement_curve", "cash_flow", "cost_per_tonne", "drivers", "efficient_set", "gantt", "loss_waterfall", "map",
    "rank_stability", "sankey", "target_path", "timeline", "tornado", "utilisation", "waiting",
)  # fmt: skip
"""Names of the figures, sorted."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Plot:
    """Every figure of a comparison as a method; each returns a `Picture`, which a notebook shows as it is.

    Where a figure speaks of one option its id may be given; without it `Comparison.leader` is drawn. Every method takes
    `lang`, `vi` or `en`; without it the language in force.

    Raises
    ------
    ResultsError
        `unknown-option`, `unknown-aim` or `latest-target` for a name that is none, and `plot-nothing` where the
        comparison holds nothing to draw.
    """

    comparison: Comparison

    def target_path(self, target: str | None = None, *, lang: str | None = None) -> Picture:
        """Return the headline rate year by year, median and P5–P95 of every option, with the target.

        Parameters
        ----------
        target : id of a headline target; default: the first
        """
        words, found = self._words(lang), self._target(target, "target_path")
        return pictures.rates(self.comparison, found, self._place(found, words), words)

    def efficient_set(self, target: str | None = None, *, lang: str | None = None) -> Picture:
        """Return the cost per year against the headline rate of every option, the efficient ones joined by a line."""
        words, found = self._words(lang), self._target(target, "efficient_set")
        return pictures.costs(self.comparison, found, self._place(found, words), words)

    def cost_per_tonne(self, *, lang: str | None = None) -> Picture:
        """Return what a tonne taken in costs under every option, and net of products sold."""
        return self._drawn(pictures.unit_costs(self.comparison, self._words(lang)), "cost_per_tonne")

    def abatement_curve(self, option: str | None = None, *, lang: str | None = None) -> Picture:
        """Return what the measures of an option add and what a unit of that costs, cheapest first.

        Options that lead have their curve already; that of another is worked out, see `cemfa.comparison.with_curves`.
        """
        found, held = self._option(option), self.comparison
        key = found.base_option
        if key not in held.curves:
            held = with_curves(held, [key])
        return self._drawn(choice_pictures.abatement(held, key, self._words(lang)), "abatement_curve", found)

    def cash_flow(self, option: str | None = None, *, lang: str | None = None) -> Picture:
        """Return who pays what in which year under an option."""
        found = self._option(option)
        return self._drawn(pictures.cash(self.comparison, found, self._words(lang)), "cash_flow", found)

    def tornado(self, aim: str | None = None, *, lang: str | None = None) -> Picture:
        """Return what single numbers do to the value of the leading option.

        Parameters
        ----------
        aim : `rate`, `npv` or `score`; default: the weighted score where there is one, else the rate
        """
        key = self._aim(aim)
        return self._drawn(choice_pictures.swings(self.comparison, key, self._words(lang)), "tornado")

    def rank_stability(self, *, lang: str | None = None) -> Picture:
        """Return under which share of all weights each option stands first, second, …."""
        return self._drawn(choice_pictures.stability(self.comparison, self._words(lang)), "rank_stability")

    def map(self, option: str | None = None, *, lang: str | None = None) -> Picture:
        """Return capacity and intake of plants by district in the target year."""
        found = self._option(option)
        return self._drawn(pictures.plants(self.comparison, found, self._words(lang)), "map", found)

    def gantt(self, *, lang: str | None = None) -> Picture:
        """Return decisions, stages and full operation of every project."""
        return self._drawn(pictures.timeline(self.comparison, self._words(lang)), "gantt")

    def loss_waterfall(self, option: str | None = None, *, lang: str | None = None) -> Picture:
        """Return how organic waste is lost on its way from generated to recycled in the target year."""
        found = self._option(option)
        return self._drawn(pictures.losses(self.comparison, found, self._words(lang)), "loss_waterfall", found)

    def timeline(self, option: str | None = None, *, lang: str | None = None) -> Picture:
        """Return what happened in the first simulated history of an option."""
        found = self._option(option)
        return self._drawn(history(self.comparison, found, self._words(lang)), "timeline", found)

    def drivers(self, option: str | None = None, *, lang: str | None = None) -> Picture:
        """Return what the headline rate of an option is least sure about."""
        found = self._option(option)
        return self._drawn(pictures.doubts(self.comparison, found, self._words(lang)), "drivers", found)

    def utilisation(self, option: str | None = None, *, lang: str | None = None) -> Picture:
        """Return the use of capacity of an option's plants by month."""
        found = self._option(option)
        return self._drawn(operation.utilisation(self.comparison, found, self._words(lang)), "utilisation", found)

    def waiting(self, option: str | None = None, *, lang: str | None = None) -> Picture:
        """Return what lies in stores and yards of an option at the end of each month."""
        found = self._option(option)
        return self._drawn(operation.waiting(self.comparison, found, self._words(lang)), "waiting", found)

    def sankey(self, option: str | None = None, *, lang: str | None = None) -> Picture:
        """Return the flows of household and market waste under an option in the target year."""
        found, year = self._option(option), self.comparison.scenario.target_year
        shared = pictures.diagrams(self.comparison)
        return pictures.flows(self.comparison, found, year, shared, self._words(lang))

    def __dir__(self) -> list[str]:
        return list(FIGURES)

    def __repr__(self) -> str:
        return f"<figures of {self.comparison!r}: {', '.join(FIGURES)}>"

    def _words(self, lang: str | None) -> Words:
        return Words(lang or locale.language(), self.comparison.replications)

    def _option(self, key: str | None) -> OptionResult:
        known = [option.id for option in self.comparison.options]
        if key is None:
            return self.comparison.leader
        if key not in known:
            raise _error("unknown-option", option=key, known=tuple(known))
        return self.comparison.option(key)

    def _target(self, key: str | None, figure: str) -> Target:
        known = {target.id: target for target in pictures.headline_targets(self.comparison)}
        if not known:
            raise self._nothing(figure)
        if key is not None and key not in known:
            raise _error("latest-target", target=key, known=tuple(known))
        return known[key] if key is not None else next(iter(known.values()))

    def _place(self, target: Target, words: Words) -> str:
        return pictures.place_of(self.comparison, target, words)

    def _aim(self, key: str | None) -> str:
        known = tuple(aim.key for aim in self.comparison.decision.aims) if self.comparison.decision else ()
        if not known:
            raise self._nothing("tornado")
        if key is not None and key not in known:
            raise _error("unknown-aim", aim=key, known=known)
        return key or ("score" if "score" in known else known[0])

    def _drawn(self, picture: Picture | None, figure: str, option: OptionResult | None = None) -> Picture:
        if picture is None:
            raise self._nothing(figure, option)
        return picture

    def _nothing(self, figure: str, option: OptionResult | None = None) -> ResultsError:
        name = option.id if option else self.comparison.scenario.id
        return _error("plot-nothing", figure=figure, name=name)


def _error(code: str, **parameters: object) -> ResultsError:
    return locale.error(ResultsError, Problem(code, parameters=parameters))
