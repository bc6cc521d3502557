"""What by-products are worth beyond what is bought to make something of them. Stands above `cashflow`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cemfa.economics.cashflow import Array, floats, ratio


def value_added(sold: npt.ArrayLike, running: npt.ArrayLike, pay: npt.ArrayLike) -> Array:
    """Return the value added: what is sold, less what is bought to make it, ``sold − (running − pay)``.

    The production approach to gross domestic product: wages, surplus and the use of plants are parts of value added,
    bought material, energy and services are not. Gate fees and grants pay for a service to the public and are left
    out, so that a plant that lives on them alone adds nothing, or less. Negative where more is bought than sold.

    Parameters
    ----------
    sold : (...), products and power [money/yr]
    running : (...), cost of running without investment [money/yr]
    pay : (...), the part of it that goes to staff, at most the whole [money/yr]

    Returns
    -------
    (...) [money/yr]

    Notes
    -----
    System of National Accounts 2008, 6.8: output less intermediate consumption.

    Examples
    --------
    >>> value_added([900.0, 200.0], [500.0, 500.0], [150.0, 600.0]).tolist()
    [550.0, 200.0]
    """
    cost = floats(running)
    return floats(floats(sold) - (cost - np.minimum(floats(pay), cost)))


def value_added_per_tonne(
    sold: npt.ArrayLike, running: npt.ArrayLike, pay: npt.ArrayLike, tonnes: npt.ArrayLike
) -> Array:
    """Return the value added per tonne of by-product brought to use; NaN where there is none.

    Parameters
    ----------
    sold, running, pay : (...), see `value_added`
    tonnes : (...), by-products and organic waste taken in, fresh mass [t/yr]

    Returns
    -------
    (...) [money/t]

    Examples
    --------
    >>> value_added_per_tonne([900.0, 0.0], [500.0, 0.0], [150.0, 0.0], [11.0, 0.0]).tolist()
    [50.0, nan]
    """
    added, taken = np.broadcast_arrays(value_added(sold, running, pay), floats(tonnes))
    return ratio(added, taken)
