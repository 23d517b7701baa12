"""What went on in a database and on its host at one instant, kept because something looked wrong just then.

No statement in it has constants, and no process its command line: a snapshot may lie in a store and in a post-mortem.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Self

# As JSON; of a snapshot that would be larger the least telling sessions are left out.
LIMIT_BYTES = 64_000
# What the server has in place of a process where a prepared transaction holds a lock.
PREPARED_TRANSACTION = 0
_SHOWN_CHARACTERS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSession:
    """One process of the server. All but `pid` and `blocked_by` may be hidden from our role: None then.

    `state` as PostgreSQL calls it (`active`, `idle in transaction`), `wait` such as `Lock: relation`. `state_seconds`
    and `transaction_seconds`: for how long it has been in that state, and in its transaction. `statement` is the one it
    runs or ran last, its constants masked. `blocked_by`: the processes that hold, or were queued before it for, the
    lock it waits for.
    """

    pid: int
    application: str | None = None
    user: str | None = None
    state: str | None = None
    wait: str | None = None
    state_seconds: float | None = None
    transaction_seconds: float | None = None
    statement: str | None = None
    blocked_by: tuple[int, ...] = ()

    @property
    def summary(self) -> str:
        """The session in some words: `pid 4711 (portal, idle in transaction for 41 s: UPDATE …)`."""
        if self.pid == PREPARED_TRANSACTION:
            return "a prepared transaction"
        state = self.state
        if state and self.state_seconds is not None:
            state += f" for {self.state_seconds:.0f} s"
        told = ", ".join(filter(None, [self.application or self.user, state]))
        if self.statement:
            cut = self.statement[: _SHOWN_CHARACTERS - 1] + "…"
            told += f": {self.statement if len(self.statement) <= _SHOWN_CHARACTERS else cut}"
        return f"pid {self.pid} ({told})" if told else f"pid {self.pid}"


@dataclass(frozen=True, slots=True)
class HostProcess:
    """One process of the host. `cpu_share` is of one processor, so that two busy threads are 2.0."""

    pid: int
    name: str
    cpu_share: float
    resident_bytes: int


@dataclass(frozen=True, slots=True)
class Blocker:
    """A session that waits for no lock itself, and how many wait for it: `direct` ones, and those behind them too."""

    session: DatabaseSession
    direct: int
    behind: int

    @property
    def sentence(self) -> str:
        """For people: `pid 4711 (portal, idle in transaction for 41 s: UPDATE …) blocks 7 sessions`."""
        return f"{self.session.summary} blocks {self.behind} session{'s' if self.behind != 1 else ''}"


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A look at one source (the name of a database target, or `host` where there is none).

    `reason` is why it was taken, in words, and `series` the one that gave the reason (None: a person asked).
    `sessions` are those that do something, the most telling first; idle ones only where they block others.
    `connections` are those of clients, out of `max_connections`; None where the database could not be read.
    `waiting_for_locks` counts all sessions that wait for a lock, also those that are not listed. `gaps` are sentences
    on what could not be seen. `processes` are the busiest and the largest of the prober's host.
    """

    source: str
    at: datetime
    reason: str
    series: str | None = None
    sessions: tuple[DatabaseSession, ...] = ()
    connections: int | None = None
    max_connections: int | None = None
    waiting_for_locks: int = 0
    processes: tuple[HostProcess, ...] = ()
    gaps: tuple[str, ...] = ()

    @cached_property
    def blockers(self) -> tuple[Blocker, ...]:
        """The roots of the blocking tree, those with the most sessions behind them first; none in a mere deadlock."""
        waiting: dict[int, set[int]] = {}
        for session in self.sessions:
            for pid in session.blocked_by:
                waiting.setdefault(pid, set()).add(session.pid)
        known = {session.pid: session for session in self.sessions}
        blocked = {session.pid for session in self.sessions if session.blocked_by}
        roots = [
            Blocker(known.get(pid, DatabaseSession(pid=pid)), len(direct), len(_behind(pid, waiting)))
            for pid, direct in waiting.items()
            if pid not in blocked
        ]
        return tuple(sorted(roots, key=lambda one: (-one.behind, one.session.pid)))

    @property
    def sentence(self) -> str:
        """The most telling thing in it, for people."""
        if self.blockers:
            worst = self.blockers[0]
            more = f"; {self.waiting_for_locks} wait for locks in all" if self.waiting_for_locks > worst.behind else ""
            return worst.sentence + more
        if self.waiting_for_locks:
            return f"{self.waiting_for_locks} sessions wait for locks"
        if self.connections is None:
            return self.gaps[0] if self.gaps else "only the host was looked at"
        active = sum(session.state == "active" for session in self.sessions)
        return f"{active} active of {self.connections} connections ({self.max_connections} at most), no waits for locks"

    def bounded(self) -> Self:
        """The snapshot with so few sessions that it keeps to `LIMIT_BYTES`; a gap says how many were left out."""
        kept = self
        while kept.sessions and len(kept.to_json().encode()) > LIMIT_BYTES:
            sessions = self.sessions[: len(kept.sessions) * 3 // 4]
            gap = f"{len(self.sessions) - len(sessions)} further sessions were left out"
            kept = replace(self, sessions=sessions, gaps=(*self.gaps, gap))
        return kept

    def to_json(self) -> str:
        """As a JSON document that `from_document` reads."""
        return json.dumps({**asdict(self), "at": self.at.isoformat()}, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote, parsed. Raises TypeError, KeyError or ValueError for anything else."""
        return cls(
            **{
                **document,
                "at": datetime.fromisoformat(document["at"]),
                "sessions": tuple(
                    DatabaseSession(**{**one, "blocked_by": tuple(one["blocked_by"])}) for one in document["sessions"]
                ),
                "processes": tuple(HostProcess(**one) for one in document["processes"]),
                "gaps": tuple(document["gaps"]),
            }
        )


def _behind(root: int, waiting: Mapping[int, Iterable[int]]) -> set[int]:
    """All that wait for that process, or for one that does."""
    found: set[int] = set()
    ahead = [root]
    while ahead:
        for pid in waiting.get(ahead.pop(), ()):
            if pid not in found:
                found.add(pid)
                ahead.append(pid)
    return found
