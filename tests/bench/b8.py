"""B8: kill -9 at random moments while alerts fire, clear and are acknowledged: what is lost, and what comes twice."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from monitor.database import migrate
from monitor.embedded import EmbeddedServer
from tests.bench.alert_room import AlertRoom
from tests.bench.alert_side import Says
from tests.bench.alert_sink import Sink
from tests.bench.alert_storm import RESEND_SECONDS, ROUND_SECONDS, SCALE, Account, Lived, Storm
from tests.bench.alertmanager import Alertmanager, alertmanager_version
from tests.bench.result import Result

ROUNDS = 200
# Alertmanager's defaults, as much shorter as the rest: 5 min between the messages of a group, a snapshot every 15 min.
GROUP_INTERVAL_SECONDS = 300.0 / SCALE
MAINTENANCE_SECONDS = 900.0 / SCALE
# The product's default, as much faster.
RATE_LIMIT = f"{30 * SCALE:.0f} per min"
SEED = 8
_SHOWN = 10


def b8() -> Result:
    """Both sides under the same faults, outages and kills; the store and the sink live through it."""
    peer = f"Alertmanager {alertmanager_version('B8')}"
    rounds = int(os.environ.get("ROUNDS", ROUNDS))
    with TemporaryDirectory(prefix="portalwatch-bench-") as folder, ExitStack() as running:
        directory = Path(folder)
        directory.chmod(0o755)
        server = running.enter_context(EmbeddedServer.start(directory / "server"))
        sink = running.enter_context(Sink.running())
        server.create_database("bench")
        asyncio.run(migrate(server.dsn("bench")))
        ours = AlertRoom(directory, server.dsn("bench"), [f"http://127.0.0.1:{sink.port}/ours"], rate_limit=RATE_LIMIT)
        theirs = Alertmanager(
            directory,
            [f"http://127.0.0.1:{sink.port}/theirs"],
            group_by="...",  # with several in one message, each would come again whenever another changed
            group_interval_seconds=GROUP_INTERVAL_SECONDS,
            maintenance_seconds=MAINTENANCE_SECONDS,
            resend_seconds=RESEND_SECONDS,
        )
        running.callback(ours.kill)
        running.callback(theirs.kill)
        storm = Storm(sink, [Account(ours, "/ours"), Account(theirs, "/theirs")], Random(SEED))
        asyncio.run(storm.run(rounds))
    return _judged(storm, rounds, peer)


def _judged(storm: Storm, rounds: int, peer: str) -> Result:
    print(
        f"B8: times are {SCALE:g} times shorter than real ones: alerts are sent again every {RESEND_SECONDS:g} s, a "
        f"round takes {ROUND_SECONDS:g} s; Alertmanager's group_interval {GROUP_INTERVAL_SECONDS:g} s, maintenance "
        f"interval {MAINTENANCE_SECONDS:g} s. Leases, and the waits between two attempts of either side, are as shipped"
    )
    counted = {account.side.name: _Count(storm, account) for account in storm.accounts}
    figures: dict[str, list[float]] = {
        "rounds": [float(rounds)],
        "faults": [float(len(storm.lives))],
        "cleared_during_an_outage": [float(sum(_in_outage(storm, one) for one in storm.lives.values()))],
    }
    for name, count in counted.items():
        figures |= {f"{name}_{what}": values for what, values in count.figures().items()}
        count.show()
    ours, theirs = counted["ours"], counted["theirs"]
    met = not ours.lost and not ours.ends_untold and ours.duplicates.total() <= theirs.duplicates.total()
    ratio = [ours.duplicates.total() / theirs.duplicates.total()] if theirs.duplicates else []
    goal = f"{rounds} kills: no fault and no end of one untold, duplicates at most those of {peer}"
    return Result(id="B8", goal=goal, figures=figures, ratio=ratio, met=met)


class _Count:
    """What one side made of the storm.

    Lost: it confirmed that it had the fault, and no message of it came, not even that it fired and cleared. A
    duplicate: a message of the same alert with the same sequence again. A nag: a message other than the end, after
    somebody had it in hand. An end untold: a fault that was told, and nothing more (Alertmanager tells nobody of the
    end of a silenced alert, so those that were acknowledged are left out).
    """

    def __init__(self, storm: Storm, account: Account) -> None:
        self._storm = storm
        self._account = account
        lives, told = storm.lives, account.told
        self.lost = [one for number, one in sorted(lives.items()) if number in account.took and not told[number]]
        messages = Counter((number, one.sequence) for number, several in told.items() for _, one in several)
        self.duplicates = Counter({message: times - 1 for message, times in messages.items() if times > 1})
        self._nags = sum(
            at > account.acknowledged[number] and one.says is Says.BROKEN
            for number in account.acknowledged
            for at, one in told[number]
        )
        self.ends_untold = sum(
            bool(told[number]) and not any(one.says is Says.OVER for _, one in told[number])
            for number in lives
            if number not in account.acknowledged
        )
        self._waits = [told[number][0][0] - one.began for number, one in lives.items() if told[number]]

    def figures(self) -> dict[str, list[float]]:
        """By name; the seconds are those from the beginning of a fault to its first message."""
        counts = {
            "lost": len(self.lost),
            "lost_of_an_outage": sum(_in_outage(self._storm, one) for one in self.lost),
            "ends_untold": self.ends_untold,
            "duplicates": self.duplicates.total(),
            "messages": sum(map(len, self._account.told.values())),
            "acknowledged": len(self._account.acknowledged),
            "nags_after_acknowledgement": self._nags,
            "of_no_known_fault": len(self._account.nameless),
            "told_without_a_name": self._account.unnamed,
        }
        return {**{name: [float(count)] for name, count in counts.items()}, "told_after_seconds": self._waits}

    def show(self) -> None:
        """The first of what was lost and of what came twice, with the kill that came between."""
        name = self._account.side.name
        for one in self.lost[:_SHOWN]:
            taken = self._account.took[one.fault.number] - one.began
            outage = ", all of it during an outage" if _in_outage(self._storm, one) else ""
            print(
                f"  lost by {name}: {one.fault.series}, {one.ended - one.began:.1f} s long, had after {taken:.3f} s, "
                f"{_kill_after(self._storm.kills, one.began)}{outage}"
            )
        for (number, sequence), times in self.duplicates.most_common(_SHOWN):
            at = [at for at, one in self._account.told[number] if one.sequence == sequence]
            again = ", ".join(f"{later - at[0]:.3f}" for later in at[1:])
            print(
                f"  told {times + 1} times by {name}: {self._storm.lives[number].fault.series} {sequence}, again after "
                f"{again} s, {_kill_after(self._storm.kills, at[0])}"
            )


def _in_outage(storm: Storm, one: Lived) -> bool:
    return any(began <= one.began and one.ended <= ended for began, ended in storm.outages)


def _kill_after(kills: Sequence[float], at: float) -> str:
    later: Iterable[float] = (one - at for one in kills if one > at)
    first = min(later, default=None)
    return "no kill after it" if first is None else f"the next kill {first:.3f} s after it"
