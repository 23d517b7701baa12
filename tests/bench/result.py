"""What a benchmark found: printed, and written beside it as JSON."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import psutil

FOLDER = Path("build") / "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`figures`: several runs of each, in the unit its name ends in. `ratio`: those of the goal, empty for none.

    `met` is True where the benchmark only reports.
    """

    id: str
    goal: str
    figures: Mapping[str, Sequence[float]]
    ratio: Sequence[float] = ()
    met: bool = True


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Minimum, median and maximum; None of nothing."""
    return {"min": min(values), "median": median(values), "max": max(values)} if values else None


def write(result: Result) -> bool:
    """Print it, write `build/bench/<ID>.json`, and say whether its goal is met."""
    document: dict[str, Any] = {
        "id": result.id,
        "goal": result.goal,
        "figures": {name: spread(values) for name, values in result.figures.items()},
        "ratio": spread(result.ratio),
        "met": result.met,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, "
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "versions": {"portalwatch": version("portalwatch"), "python": platform.python_version()},
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{result.id}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"{result.id}: {result.goal} ({document['machine']})")
    for name, values in result.figures.items():
        found = spread(values)
        if found:
            print(f"  {name:32} min {found['min']:10.2f}   median {found['median']:10.2f}   max {found['max']:10.2f}")
    print(f"  {'met' if result.met else 'MISSED'}")
    return result.met
