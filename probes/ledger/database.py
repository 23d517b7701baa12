"""The facts of one watched database, over its one connection and in turn with its probes."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from baselines.clock import Clock
from baselines.ledger import LedgerEntry, Section
from baselines.measurement import Reason
from probes.database.asking import PATIENCE_SECONDS, Asking
from probes.database.link import DatabaseLink
from probes.errors import ProbeFailed
from probes.ledger.sql import statement

logger = logging.getLogger(__name__)

SECTIONS = (
    Section.SETTINGS,
    Section.EXTENSIONS,
    Section.TABLES,
    Section.INDEXES,
    Section.CONSTRAINTS,
    Section.TRIGGERS,
    Section.FUNCTIONS,
    Section.VIEWS,
    Section.STATISTICS,
)


class DatabaseFacts:
    """Reads a mark of every section in one round trip, and the facts of those whose mark has changed since.

    Measured on 1,000 tables of ten columns with 3,000 indexes and 300 functions and views: 15 ms for an unchanged
    reading, of which 0.7 ms are the prober's; 100 ms and 15 ms for a whole one.
    """

    def __init__(self, source: str, link: DatabaseLink, clock: Clock) -> None:
        self._source = source
        self._asking = Asking(link, clock)
        self._readable = list(SECTIONS)
        self._marks: dict[Section, str] = {}
        self._refused: set[Section] = set()
        self._trouble = ""

    def forget(self) -> None:
        """Take everything for changed: the next reading brings all facts, and what was refused is tried again."""
        self._marks.clear()
        self._readable = list(SECTIONS)

    async def read(self, at: datetime) -> list[LedgerEntry]:
        """The sections that may have changed since they were read last. What can't be read now is left out and logged.

        Facts are read after their mark, so that a change between the two is only read twice.
        """
        entries: list[LedgerEntry] = []
        trouble = ""
        try:
            for section, mark in (await self._current_marks()).items():
                if mark != self._marks.get(section):
                    with self._without_if_refused(section):
                        facts = {row["item"]: row["value"] for row in await self._asking.rows(statement(section))}
                        entries.append(LedgerEntry(source=self._source, section=section, at=at, facts=facts))
                        self._marks[section] = mark
        except ProbeFailed as failure:
            trouble = str(failure)
        except TimeoutError:
            trouble = f"not read within {PATIENCE_SECONDS:g} s"
        if trouble and trouble != self._trouble:
            logger.warning("the change ledger of %s has a gap: %s", self._source, trouble)
        self._trouble = trouble
        return entries

    async def _current_marks(self) -> dict[Section, str]:
        try:
            return await self._marks_of(self._readable)
        except ProbeFailed as failure:
            if failure.reason is not Reason.PERMISSION:
                raise
        for section in self._readable.copy():
            with self._without_if_refused(section):
                await self._marks_of([section])
        return await self._marks_of(self._readable) if self._readable else {}

    @contextmanager
    def _without_if_refused(self, section: Section) -> Iterator[None]:
        """A section that our role may not read is left out from now on."""
        try:
            yield
        except ProbeFailed as failure:
            if failure.reason is not Reason.PERMISSION:
                raise
            self._readable.remove(section)
            if section not in self._refused:
                self._refused.add(section)
                logger.warning("the change ledger of %s goes without %s: %s", self._source, section, failure)

    async def _marks_of(self, sections: Sequence[Section]) -> dict[Section, str]:
        query = "\nUNION ALL\n".join(f"SELECT '{one}', (\n{statement(f'{one}_mark')})" for one in sections)
        return {Section(name): mark for name, mark in await self._asking.rows(query)}
