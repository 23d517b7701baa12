"""Small tables on standard output: names are never cut off, also in a pipe."""

import sys
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their columns."""
    table = Table(*columns, box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*map(Text, row))  # as it is: brackets in a name are no markup
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = 400
    console.print(table)
