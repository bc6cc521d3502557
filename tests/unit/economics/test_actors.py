"""Accounts per actor: what one gives another cancels, to the last unit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa.economics.actors import Transfer, accounts
from cemfa.errors import CemfaError

ACTORS = ("province", "operator", "farmer", "household")
flows = st.lists(st.floats(-1e12, 1e12), min_size=3, max_size=3).map(lambda row: [row])
transfers = st.lists(st.tuples(st.sampled_from(ACTORS), st.sampled_from(ACTORS), flows), max_size=8)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(ACTORS), flows), transfers)
def test_transfers_cancel_exactly(resources, given_):
    moved = [Transfer(payer, receiver, np.array(amount)) for payer, receiver, amount in given_]
    held = accounts(resources, moved, ACTORS, (1, 3))
    without = accounts(resources, [], ACTORS, (1, 3))
    np.testing.assert_array_equal(held.economy, without.economy)
    np.testing.assert_array_equal(held.net.sum(axis=1), np.rint([*resources.values(), np.zeros((1, 3))]).sum(axis=0))
    assert (held.received >= 0).all()
    assert (held.paid >= 0).all()


def test_a_grant_makes_one_richer_by_what_it_costs_another():
    held = accounts({"operator": [[-100.0, 0.0]]}, [Transfer("province", "operator", [[60.0, 5.0]])], ACTORS, (1, 2))
    assert held.of("operator").tolist() == [[-40.0, 5.0]]
    assert held.of("province").tolist() == [[-60.0, -5.0]]
    assert held.received[0, 1].tolist() == [60.0, 5.0]
    assert held.paid[0, 1].tolist() == [100.0, 0.0]


def test_what_one_pays_oneself_is_no_transfer():
    held = accounts({}, [Transfer("operator", "operator", [[60.0]])], ACTORS, (1, 1))
    assert not held.received.any()


def test_an_actor_without_an_account_is_named():
    with pytest.raises(CemfaError, match="actor-unknown"):
        accounts({}, [Transfer("bank", "operator", [[1.0]])], ACTORS, (1, 1))
