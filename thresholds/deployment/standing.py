"""How a deployment stands, in the customer's words."""

from enum import StrEnum


class Standing(StrEnum):
    """The word of a status update."""

    ON_TRACK = "ON TRACK"
    DELAYED = "DELAYED"
    ISSUES = "ISSUES"
