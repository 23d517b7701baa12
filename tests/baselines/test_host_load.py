"""How busy the host was on both sides."""

import pytest

from baselines.host_load import HostLoads, LoadRange, Side


@pytest.mark.parametrize(
    ("before", "after", "busier"),
    [
        (LoadRange(0.1, 0.4), LoadRange(0.65, 0.9), Side.AFTER),
        (LoadRange(0.65, 0.9), LoadRange(0.1, 0.4), Side.BEFORE),
        (LoadRange(0.1, 0.4), LoadRange(0.5, 0.9), None),
        (LoadRange(0.1, 0.9), LoadRange(0.3, 2.0), None),
        (None, LoadRange(0.3, 2.0), None),
        (LoadRange(0.3, 2.0), None, None),
    ],
)
def test_a_side_is_busier_where_the_ranges_lie_well_apart(
    before: LoadRange | None, after: LoadRange | None, busier: Side | None
) -> None:
    """A quarter of a processor between them, and both known."""
    assert HostLoads(before=before, after=after).busier is busier
