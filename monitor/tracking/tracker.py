"""The errors of one service process: taken in, counted once each, told by class, and written behind the requests."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from baselines import Clock
from monitor.exporter import Exporter
from monitor.ingest.writer import BatchWriter
from monitor.settings import Settings
from monitor.tracking.postgres import PostgresErrors
from monitor.tracking.report import ErrorEvent, ErrorReport, event_of, user_hasher
from thresholds import Finding
from thresholds.error_class import QUIET_SECONDS, UNCLASSIFIED, load_error_classes
from thresholds.error_group import everything_else

KIND = "errors"
# Of an environment; what is beyond it counts as one group a class until the oldest are dropped.
MOST_GROUPS = 1_000
_GROUPS_KEPT = 900
_MOST_COMPONENTS = 200
_FURTHER = "(further components)"
# Errors that may be told apart from a repetition at once.
_MOST_REMEMBERED = 50_000
_QUIET = timedelta(seconds=QUIET_SECONDS)


class ErrorTracker:
    """Takes reports; `writer` and `look` are run by the service."""

    def __init__(self, settings: Settings, store: PostgresErrors, exporter: Exporter, clock: Clock) -> None:
        self.classes = load_error_classes().overridden(settings.errors.classes)
        self.store = store
        self.writer = BatchWriter[ErrorEvent](store.append, lambda count: exporter.ingest_dropped(KIND, count))
        self._settings = settings.ingest
        self._hasher = user_hasher(settings.ingest.hash_key or settings.signing_key)
        self._exporter = exporter
        self._clock = clock
        self._seen: OrderedDict[tuple[str, str, datetime], None] = OrderedDict()
        self._groups: set[str] = set()
        self._components: set[str] = set()
        # Class → minute → how many arrived: what findings are made of, also while the store is away.
        self._arrived: dict[str, OrderedDict[datetime, int]] = {name: OrderedDict() for name in self.classes.names}
        self._last: dict[str, datetime] = {}
        for name in self.classes.names:
            exporter.errors(name, 0)

    @property
    def series(self) -> Sequence[str]:
        """The names under which classes are told."""
        now = self._clock.now()
        return [self.classes.finding(name, 0, None, now).series for name in self.classes.classes]

    def take(self, report: ErrorReport) -> bool:
        """Take one in; whether it counts. The same error of one id in one minute is one."""
        skew = timedelta(seconds=self._settings.clock_skew)
        event = self._bounded(event_of(report, self._clock.now(), skew, self.classes, self._hasher))
        if self._is_repeated(event):
            return False
        self._count(event.error_class, event.at, 1)
        self._exporter.errors(event.error_class, 1)
        self.writer.put(event)
        return True

    def findings(self) -> list[Finding]:
        """How each class stands, those of no class left out: they are shown, and nobody is told."""
        now = self._clock.now()
        found = []
        for name in self.classes.classes:
            minutes = self._arrived[name]
            while minutes and next(iter(minutes)) <= now - _QUIET - timedelta(minutes=1):
                minutes.popitem(last=False)
            found.append(self.classes.finding(name, sum(minutes.values()), self._last.get(name), now))
        return found

    async def restore(self) -> None:
        """What arrived before this process began: groups that are known, and classes that are not over."""
        self._groups |= await self.store.fingerprints()
        for name, minute, count in await self.store.arrived(self._clock.now() - _QUIET):
            if name in self._arrived and name != UNCLASSIFIED:
                self._count(name, minute, count)

    async def keep_house(self) -> None:
        """Drop what is older than the configuration keeps, and make room for groups that are new."""
        now = self._clock.now()
        await self.store.prune(now, now - timedelta(days=self._settings.errors_days), _GROUPS_KEPT)
        self._groups = await self.store.fingerprints()

    def _count(self, name: str, at: datetime, count: int) -> None:
        minutes, minute = self._arrived[name], at.replace(second=0, microsecond=0)
        minutes[minute] = minutes.get(minute, 0) + count
        if len(minutes) > QUIET_SECONDS // 60 + 2:
            minutes.popitem(last=False)
        self._last[name] = max(at, self._last.get(name, at))

    def _bounded(self, event: ErrorEvent) -> ErrorEvent:
        """Neither groups nor components without end, whatever is sent."""
        if event.component not in self._components:
            if len(self._components) >= _MOST_COMPONENTS:
                event = replace(event, component=_FURTHER)
            else:
                self._components.add(event.component)
        if event.group.fingerprint not in self._groups:
            if len(self._groups) >= MOST_GROUPS:
                return replace(event, group=everything_else(event.error_class))
            self._groups.add(event.group.fingerprint)
        return event

    def _is_repeated(self, event: ErrorEvent) -> bool:
        if event.correlation_id is None:
            return False
        key = (event.group.fingerprint, event.correlation_id, event.at.replace(second=0, microsecond=0))
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return False
