"""Jobs from tonnes handled. Stands beside `costs` in `economics`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cemfa.economics.cashflow import Array, floats, ratio


def full_time_jobs(mass: npt.ArrayLike, hours_per_tonne: npt.ArrayLike, hours_per_job: npt.ArrayLike) -> Array:
    """Return the full-time jobs that handling a mass needs: ``mass · hours_per_tonne / hours_per_job``.

    Direct work only; jobs lost elsewhere (at the landfill, in buying straw) are the caller's to subtract.

    Parameters
    ----------
    mass : (...), handled in a year [t/yr]
    hours_per_tonne : (...), [h/t]
    hours_per_job : (...), hours one full-time worker gives in a year [h/yr]; NaN comes back where it is not
        positive

    Examples
    --------
    >>> float(full_time_jobs(18250.0, 2.4, 2190.0))
    20.0
    """
    hours = floats(floats(mass) * floats(hours_per_tonne))
    return ratio(*np.broadcast_arrays(hours, floats(hours_per_job)))
