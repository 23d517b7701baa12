"""What a user says of a channel."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from thresholds.quantity import Duration


class ChannelSettings(BaseModel):
    """One destination. Durations are written with units (`timeout: 20 s`) and held in seconds.

    `url` is one Apprise URL. `timeout_seconds` bounds one call. After `deadline_seconds` of trying, a message is laid
    with the dead letters and goes to the first of `fallbacks`, and from there to the next.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_by_name=True, validate_by_alias=True
    )

    url: SecretStr
    fallbacks: tuple[str, ...] = ()
    timeout_seconds: Annotated[Duration, Field(alias="timeout")] = 20.0
    # Well before the customer's 15 minutes to the next tier, so that the fallback still has time to be answered.
    deadline_seconds: Annotated[Duration, Field(alias="deadline")] = 300.0
