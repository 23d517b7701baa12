"""Grafana dashboards, built in Python with Grafana's own typed model."""

import warnings

# The classic model is meant here: it is what every Grafana since 10 loads from a file. Its modules recommend the new
# one with a warning as they are imported, and this is imported before any module of this package.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="Prefer using", category=DeprecationWarning)
    import grafana_foundation_sdk.builders.dashboard
    import grafana_foundation_sdk.builders.timeseries  # noqa: F401
