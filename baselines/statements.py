"""SQL kept one statement a file beside the code that runs it."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files


def statements_of(package: str) -> Callable[[str], str]:
    """What gives the text of `<name>.sql` in that package, each file read once."""

    @cache
    def statement(name: str) -> str:
        return (files(package) / f"{name}.sql").read_text(encoding="utf-8")

    return statement
