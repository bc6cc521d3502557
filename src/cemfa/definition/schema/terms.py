"""The words everything a user writes is made of: ids, numbers, labels, products of parameters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
"""An identifier: ASCII snake_case."""

LARGEST = 1e30
"""No quantity of a province is larger; beyond it products of parameters overflow."""


def _bounded(value: float) -> float:
    """Refuse what overflows in products; a limit of `Field` here would replace the narrower one of a field."""
    if abs(value) > LARGEST:
        raise ValueError(value)
    return value


Number = Annotated[float, Field(strict=True, allow_inf_nan=False), AfterValidator(_bounded)]
"""A finite number; text and true/false are not taken for one."""

Whole = Annotated[int, Field(strict=True)]
"""A whole number, likewise."""

RESERVED_INDICES = ("layer", "good", "technology")
"""Columns that a parameter may have beside the model's own dimensions."""


class Frozen(BaseModel):
    """Base of everything a user writes: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True, strict=False
    )


class Label(Frozen):
    """A name or sentence in both languages."""

    vi: str
    """In Vietnamese."""
    en: str
    """In English."""

    def of(self, lang: str) -> str:
        """Return the text in a language, `vi` or `en`."""
        return self.vi if lang == "vi" else self.en


Factor = Id | Literal[0, 1]
"""A parameter's name; 0 and 1 are the only literals, every other number is a row with a source."""


def _product(value: object) -> object:
    return [value] if isinstance(value, str | int | float) and not isinstance(value, bool) else value


Product = Annotated[
    tuple[Factor, ...],
    BeforeValidator(_product, json_schema_input_type=Factor | list[Factor]),
    Field(min_length=1),
]
"""A product of parameters."""
