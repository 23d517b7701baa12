"""One timed look at the outside world, one file per kind; what leaves is a Measurement."""

from probes.duration import Duration
from probes.errors import DuplicateKindError, ProbeFailed, ProbesError, UnknownProbeError
from probes.probe import Assertion, Link, Links, Probe, ProbeRun
from probes.probe_set import Observation, ProbeSet
from probes.reading import Reading
from probes.registry import ProbeKind, Probes, load_probe_kinds, probe_kind
from probes.settings import ProbeSettings, check_probes, series_of
from probes.targets import HttpTarget, Login, PostgresTarget, Target

__all__ = [
    "Assertion",
    "DuplicateKindError",
    "Duration",
    "HttpTarget",
    "Link",
    "Links",
    "Login",
    "Observation",
    "PostgresTarget",
    "Probe",
    "ProbeFailed",
    "ProbeKind",
    "ProbeRun",
    "ProbeSet",
    "ProbeSettings",
    "Probes",
    "ProbesError",
    "Reading",
    "Target",
    "UnknownProbeError",
    "check_probes",
    "load_probe_kinds",
    "probe_kind",
    "series_of",
]
