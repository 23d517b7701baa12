"""What is true of the watched databases and of this host besides their times: settings, catalogue, versions, limits."""

from probes.ledger.reader import LedgerReader

__all__ = ["LedgerReader"]
