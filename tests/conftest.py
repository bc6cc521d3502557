"""Every test starts in English and without colour, whatever the machine speaks."""

import pytest


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CEMFA_LANG", "en")
    monkeypatch.setenv("NO_COLOR", "1")
