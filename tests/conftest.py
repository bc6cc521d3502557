"""Every test starts in English and without colour, whatever the machine speaks, and draws the same systems."""

import pytest
from hypothesis import HealthCheck, settings

# the same examples in every run, on any machine; nothing is remembered between runs, and no test asserts a time
settings.register_profile(
    "cemfa", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("cemfa")


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CEMFA_LANG", "en")
    monkeypatch.setenv("NO_COLOR", "1")
