"""What browsers of real users tell: each web vital at p75 by route and device, with its bands across."""

from collections.abc import Iterator

from baselines.series import Unit
from dashboards import metrics
from dashboards.grafana.panel import BAD, WARN, About, AnyPanel, Query, Step, line_panel
from dashboards.grafana.selectors import HERE
from dashboards.pages.vitals_page import NAMES
from thresholds.matrix import load_matrix
from thresholds.vitals import Bands

_UNITS = {Unit.SECONDS: "s", Unit.COUNT: "none"}


def vital_panels(first_id: int) -> Iterator[AnyPanel]:
    """A panel a vital, and one of how many visits they are made of, numbered from `first_id`."""
    matrix = load_matrix()
    for place, (vital, name) in enumerate(NAMES.items()):
        bands = Bands.of(matrix, vital)
        value = f'{metrics.VITAL_P75[vital.unit].name}{{{HERE}, metric="{vital}"}}'
        yield line_panel(
            About(
                id=first_id + place,
                title=f"{name} of real visits",
                description=f"{str(vital).replace('_', ' ').capitalize()} at p75 of the last hour, by route and device;"
                " good below the first line, poor above the second.",
                unit=_UNITS[vital.unit],
                width=8,
            ),
            [Query(expr=f"max by (route, device) ({value})", legend="{{route}} {{device}}")],
            marks=[] if bands is None else [Step(bands.good, WARN), Step(bands.needs_improvement, BAD)],
        )
    samples = f"{metrics.VITAL_SAMPLES.name}{{{HERE}}}"
    yield line_panel(
        About(
            id=first_id + len(NAMES),
            title="Values told by visits",
            description="How many values of the last hour the figures beside are made of, by metric and device.",
            unit="none",
            width=8,
        ),
        [Query(expr=f"sum by (metric, device) (increase({samples}[1h]))", legend="{{metric}} {{device}}")],
    )
