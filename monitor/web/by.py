"""Who does something over HTTP, and what people type: lines without anything that a store or a page can't take."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from alerts.messages.wording import one_line

_NAME_LENGTH = 80

# A store keeps no control characters, and a page must not show what turns the direction of writing.
Line = Annotated[str, BeforeValidator(lambda given: one_line(given) if isinstance(given, str) else given)]


class By(BaseModel):
    """Who does it."""

    model_config = ConfigDict(extra="forbid")

    by: Line = Field(min_length=1, max_length=_NAME_LENGTH)


def name_of(given: str) -> str:
    """The name that somebody typed into a form, as it is kept; empty where there is none."""
    return one_line(given)[:_NAME_LENGTH]
