"""Figures as people read them: three significant digits with a unit that fits."""

import math

from baselines.series import Unit

NO_FIGURE = "-"


def quantity(value: float | None, unit: Unit) -> str:
    """A value in its base unit as short text (`47.1 ms`, `1.25 s`, `81.5 %`, `3.20 MB`); `-` where there is none."""
    if value is None or not math.isfinite(value):
        return NO_FIGURE
    match unit:
        case Unit.SECONDS:
            return f"{digits(value * 1000)} ms" if abs(value) < 1 else f"{digits(value)} s"
        case Unit.RATIO:
            return f"{digits(value * 100)} %"
        case Unit.BYTES:
            return _bytes(value)
        case Unit.COUNT:
            return f"{value:.0f}" if value == int(value) else digits(value)


def digits(value: float) -> str:
    """Three significant digits without an exponent, more only where the number itself is longer: 0.0123, 4.20, 1234."""
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{places}f}"


def exact(value: float | None, scale: float = 1.0) -> float | None:
    """For a script: nine significant digits, all that was measured, without the noise of a multiplication."""
    return None if value is None or not math.isfinite(value) else float(f"{value * scale:.9g}")


def mark(value: float, unit: Unit) -> str:
    """A tick of an axis: the quantity without zeros that say nothing (`30 ms`, `1.5 s`)."""
    number, space, name = quantity(value, unit).partition(" ")
    return (number.rstrip("0").rstrip(".") if "." in number else number) + space + name


def ratio(value: float | None) -> str:
    """A ratio after/before with two decimals (three digits above ten): `1.07`, `12.3`."""
    if value is None or not math.isfinite(value):
        return NO_FIGURE
    return f"{value:.2f}" if value < 10 else digits(value)


def interval(low: float | None, high: float | None) -> str:
    """The 95 % interval of a ratio, `1.52 to 1.70`; `-` where there is none."""
    return NO_FIGURE if low is None or high is None else f"{ratio(low)} to {ratio(high)}"


def span(low: float, high: float, unit: Unit) -> str:
    """Both ends of an interval, `38.1 ms to 52.0 ms`."""
    return f"{quantity(low, unit)} to {quantity(high, unit)}"


def percent(share: float) -> str:
    """A share as whole percent that never claims certainty: `93 %`, `over 99 %`, `under 1 %`."""
    if share > 0.99:
        return "over 99 %"
    return "under 1 %" if share < 0.01 else f"{share * 100:.0f} %"


def _bytes(value: float) -> str:
    for name in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000:
            return f"{digits(value)} {name}"
        value /= 1000
    return f"{digits(value)} TB"
