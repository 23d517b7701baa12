"""What can go wrong while a workload is read."""

from probes.errors import ProbesError


class WorkloadError(ProbesError):
    """The database or the portal does not tell what it does: a sentence on what to do, free of secrets."""
