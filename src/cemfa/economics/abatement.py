"""What a tonne of CO2-equivalent avoided costs against the baseline. Stands beside `costs` in `economics`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cemfa.economics.cashflow import Array, floats, ratio


def abatement_cost(extra_cost: npt.ArrayLike, avoided: npt.ArrayLike) -> Array:
    """Return the cost per tonne of CO2-equivalent avoided: ``extra_cost / avoided``.

    NaN where nothing is avoided: where an option emits more than the baseline no cost per tonne ranks it (a
    cheap one would come out *negative*, like one that saves money).

    Parameters
    ----------
    extra_cost : (...), present value of the option's net cost − the baseline's [money]
    avoided : (...), emissions of the baseline − the option's over the same years, not discounted [tCO2e]

    Returns
    -------
    (...) [money/tCO2e]; negative where the option saves money

    Examples
    --------
    >>> abatement_cost([100.0, -50.0, 100.0], [10.0, 10.0, -10.0]).tolist()
    [10.0, -5.0, nan]
    """
    cost, mass = np.broadcast_arrays(floats(extra_cost), floats(avoided))
    return ratio(cost, mass)
