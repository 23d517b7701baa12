"""What a suggested probe is called: words from what it asks for, valid and unlike any other."""

import re
from collections.abc import Container, Sequence

from probes.workload.parameters import Shape
from probes.workload.routes import Route

_LONGEST = 60
_NOT_SAID = re.compile(r"api|v\d+")


def query_name(shape: Shape, columns: Sequence[str], taken: Container[str]) -> str:
    """Such as `portfolio_valuations_by_portfolio_id`, of the first relation and the columns that are asked by."""
    if not shape.relations:
        return _free("constant", taken)
    relation = shape.relations[0]
    if columns:
        return _free(f"{relation}_by_{'_and_'.join(dict.fromkeys(columns))}", taken)
    if shape.is_grouped:
        return _free(f"{relation}_summary", taken)
    return _free(f"{relation}_{'totals' if shape.is_aggregated else 'list'}", taken)


def route_name(route: Route, taken: Container[str]) -> str:
    """Such as `get_client_groups_products`, of the method and the fixed parts of the path."""
    parts = [part for part in route.template.split("/") if part and not part.startswith("{")]
    said = [part for part in parts if not _NOT_SAID.fullmatch(part)]
    return _free("_".join([route.method, *(said or ["root"])]), taken)


def _free(words: str, taken: Container[str]) -> str:
    """A valid name of these words; numbered where it is taken."""
    plain = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:_LONGEST].rstrip("_")
    name = plain if plain[:1].isalpha() else f"query_{plain}".rstrip("_")
    number = 2
    while (numbered := name if number == 2 else f"{name}_{number - 1}") in taken:
        number += 1
    return numbered
