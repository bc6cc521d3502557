"""How sure a result is and what that hangs on, without drawing samples: first-order propagation.

Sibling of `simulation`: it reads the compiled system, the annual balance and the indicators, and states for each
quantity its standard deviation and the share of every parameter in its variance.
"""

from cemfa.sensitivity.first_order import propagate
from cemfa.sensitivity.flows import FlowSpread, FlowSpreads, spread_of_flows
from cemfa.sensitivity.propagation import Contribution, Propagated, Propagation

__all__ = [
    "Contribution",
    "FlowSpread",
    "FlowSpreads",
    "Propagated",
    "Propagation",
    "propagate",
    "spread_of_flows",
]
