"""One statement a file, loaded by name."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of `<name>.sql` in this folder."""
    return (files(__name__) / f"{name}.sql").read_text(encoding="utf-8")
