"""Daily simulation of what plants really take in; sibling of the annual balance, results of the same shape."""

from cemfa.simulation.ensemble import simulate, simulate_history, simulate_options
from cemfa.simulation.log import event_table, month_table
from cemfa.simulation.pieces import History

__all__ = ["History", "event_table", "month_table", "simulate", "simulate_history", "simulate_options"]
