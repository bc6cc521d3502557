"""Daily simulation of what plants really take in; sibling of the annual balance, results of the same shape."""

from cemfa.simulation.ensemble import History, simulate, simulate_history, simulate_options

__all__ = ["History", "simulate", "simulate_history", "simulate_options"]
