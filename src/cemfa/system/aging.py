"""Compiled stocks by cohort, for where numba is installed (extra ``fast``); beside `cohorts`, which does it with numpy.

Every product is rounded, then added, age by age: the bits are those of numpy. Content and outflow of four years are
computed at once, so that a number is read once for several products.
"""

from __future__ import annotations

import numba
import numpy as np

from cemfa.system.kernel import BYTES, LANES, load, plus_product, splat, store

YEARS = 4
"""Years computed at once; a stock has as many at least."""


@numba.njit(cache=True, nogil=True)
def by_lifetime(entered, kept, lost, content, outflow):
    """Write content and outflow (T, n) of what entered, for shares kept and lost by age; n of at least `LANES`."""
    years, width = entered.shape
    born, stays, leaves = np.empty((years, LANES)), np.empty((years, LANES)), np.empty((years, LANES))
    b, s, e = born.ctypes.data, stays.ctypes.data, leaves.ctypes.data
    zero = splat(-0.0)  # adds nothing, not even a sign
    for first in range(0, width, LANES):
        column = min(first, width - LANES)
        for year in range(years):
            for n in range(LANES):
                born[year, n] = entered[year, column + n]
                stays[year, n] = kept[year, column + n]
                leaves[year, n] = lost[year, column + n]
        for start in range(0, years, YEARS):
            year = min(start, years - YEARS)
            at = b + year * BYTES
            c0 = c1 = c2 = c3 = o0 = o1 = o2 = o3 = zero
            for age in range(year + 1):
                back = age * BYTES
                stay, leave = load(s + back), load(e + back)
                x0, x1 = load(at - back), load(at - back + BYTES)
                x2, x3 = load(at - back + 2 * BYTES), load(at - back + 3 * BYTES)
                c0, o0 = plus_product(c0, x0, stay), plus_product(o0, x0, leave)
                c1, o1 = plus_product(c1, x1, stay), plus_product(o1, x1, leave)
                c2, o2 = plus_product(c2, x2, stay), plus_product(o2, x2, leave)
                c3, o3 = plus_product(c3, x3, stay), plus_product(o3, x3, leave)
            for more in range(1, YEARS):
                back = (year + more) * BYTES
                stay, leave = load(s + back), load(e + back)
                if more < 2:
                    x = load(b)
                    c1, o1 = plus_product(c1, x, stay), plus_product(o1, x, leave)
                if more < 3:
                    x = load(b + (2 - more) * BYTES)
                    c2, o2 = plus_product(c2, x, stay), plus_product(o2, x, leave)
                x = load(b + (3 - more) * BYTES)
                c3, o3 = plus_product(c3, x, stay), plus_product(o3, x, leave)
            to, out = content[year, column:].ctypes.data, outflow[year, column:].ctypes.data
            step = content.strides[0]
            store(to, c0)
            store(to + step, c1)
            store(to + 2 * step, c2)
            store(to + 3 * step, c3)
            store(out, o0)
            store(out + step, o1)
            store(out + 2 * step, o2)
            store(out + 3 * step, o3)
