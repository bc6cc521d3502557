"""Summaries of samples."""

from __future__ import annotations

import numpy as np
import pytest

from cemfa.indicators.spread import Stat, stat_of, stats_of


def test_percentiles_and_error_of_the_mean():
    samples = np.random.default_rng(5).normal(10.0, 2.0, 400)
    found = stat_of(samples)
    assert found.mean == pytest.approx(samples.mean(), rel=1e-14)
    assert found.sd_error == pytest.approx(samples.std(ddof=1) / 20.0, rel=1e-14)
    assert (found.p5, found.p50, found.p95) == pytest.approx(tuple(np.percentile(samples, [5, 50, 95])), rel=1e-14)


def test_nothing_is_nothing_and_one_sample_has_no_error():
    assert stat_of([np.nan]) is None
    assert np.isnan(stat_of([3.0]).sd_error)
    assert stat_of([1.0, np.inf, np.inf]).p50 == np.inf


def test_another_unit():
    turned = Stat(1.0, 0.0, 1.0, 3.0, 0.5).times(-2.0)
    assert (turned.mean, turned.p5, turned.p50, turned.p95, turned.sd_error) == (-2.0, -6.0, -2.0, 0.0, 1.0)


def test_rows_at_once_are_rows_one_by_one_to_the_bit():
    rows = np.random.default_rng(6).lognormal(3.0, 2.0, (40, 101))
    rows[3, 7], rows[4], rows[5, 0] = np.nan, np.nan, np.inf
    found = stats_of(rows)
    assert [str(stat) for stat in found] == [str(stat_of(row)) for row in rows]
    assert found[4] is None
    assert stats_of(np.zeros((0, 5))) == []
    assert stats_of(np.zeros((2, 0))) == [None, None]
    assert [stat.mean for stat in stats_of([[2.0], [5.0]])] == [2.0, 5.0]
