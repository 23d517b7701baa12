"""What can't be answered without the store says so, and that it is worth another try."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException

from monitor.pipeline import STORE_IS_AWAY


@contextmanager
def store_needed() -> Iterator[None]:
    """Around whatever of an answer comes from the store. Raises HTTPException 503 where the store is away."""
    try:
        yield
    except STORE_IS_AWAY as error:
        raise HTTPException(503, "The store can't be reached; try again.") from error
