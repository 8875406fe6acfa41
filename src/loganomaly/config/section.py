"""What every section of the settings shares."""

from pydantic import BaseModel, ConfigDict

__all__ = ["DISAGREE", "Section"]

DISAGREE = "keys_disagree"
"""Type of the error of a section's own check, such as of keys that are valid alone but not together.

Its context: ``keys``, ``reason``.
"""


class Section(BaseModel):
    """What every section shares: frozen, no unknown key, no conversion between types, no infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
