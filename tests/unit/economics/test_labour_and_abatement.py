"""Jobs and abatement cost: closed forms and the cases where a ratio means nothing."""

from __future__ import annotations

import numpy as np
import pytest

from cemfa.economics import abatement, labour


def test_jobs_follow_tonnes():
    jobs = labour.full_time_jobs(np.array([[0.0, 1000.0]]), 2.5, 2000.0)
    assert jobs.tolist() == [[0.0, 1.25]]


def test_a_saving_is_negative_and_more_emissions_have_no_cost_per_tonne():
    assert abatement.abatement_cost([10.0, -10.0], [5.0, 5.0]).tolist() == [2.0, -2.0]
    assert np.isnan(abatement.abatement_cost([-10.0, 10.0], [-5.0, 0.0])).all()
    assert float(abatement.abatement_cost(3.0, 2.0)) == pytest.approx(1.5)
