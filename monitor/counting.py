"""What happened within the hour or the day that a limit goes by, kept up from run to run."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from baselines import Measurement, MeasurementStore, Series
from thresholds import SeriesLimits, WindowCount


class Counting:
    """A count for each series whose runs count only what is new, and whose limit goes by time; other series have none.

    It holds no more than the window of each; after a restart that is read back from the store.
    """

    def __init__(self, series: Mapping[str, Series], limits: Mapping[str, SeriesLimits]) -> None:
        self._windows = {
            name: window
            for name, one in series.items()
            if one.increment and (window := limits[name].window_seconds) is not None
        }
        self._counts = {
            name: WindowCount(window, series[name].cadence_seconds or 0.0) for name, window in self._windows.items()
        }

    async def restore(self, measurements: MeasurementStore, now: datetime) -> None:
        """Take in what the store has of the windows that end now. Raises what the store raises."""
        if not self._windows:
            return
        start = now - timedelta(seconds=max(self._windows.values()))
        stored = await measurements.since(list(self._windows), start)
        for name, count in self._counts.items():
            count.restore((one.started_at, one.value) for one in stored.get(name, ()) if one.value is not None)

    def of_window(self, measurement: Measurement) -> Measurement:
        """The measurement with the count of its whole window as its value; as it is where none is kept."""
        count = self._counts.get(measurement.series)
        if count is None or measurement.value is None:
            return measurement
        return replace(measurement, value=count.add(measurement.started_at, measurement.value))
