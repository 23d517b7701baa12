"""A deployment in words: the same on the page, in the report and for scripts."""

from datetime import datetime

from dashboards.deployment.story import AdviceView, GateView, PhaseView, RollbackView, Story
from dashboards.reports import figures
from thresholds.deployment.gate import GateState
from thresholds.deployment.standing import Standing

ACTIONS = {"continue": "Continue", "hold": "Hold", "rollback": "Roll back", "undecided": "Undecided"}
# By what something is, the class of its word, which gives it sign and colour.
KINDS = {
    Standing.ON_TRACK: "ok",
    Standing.DELAYED: "warning",
    Standing.ISSUES: "critical",
    GateState.OPEN: "ok",
    GateState.CLOSED: "critical",
    GateState.INCONCLUSIVE: "inconclusive",
    "pending": "pending",
    "started": "running",
    "completed": "ok",
    "failed": "critical",
    "rolled_back": "warning",
    "succeeded": "ok",
    "abandoned": "warning",
    "continue": "ok",
    "hold": "warning",
    "rollback": "critical",
    "undecided": "inconclusive",
    "fast": "quick",
    "moderate": "steady",
    "slow": "warning",
    "PASS": "pass",
    "WARNING": "warning",
    "FAIL": "fail",
    "MANUAL": "inconclusive",
}


def kind(what: str) -> str:
    """The class of a word; verdicts are their own."""
    return KINDS.get(what, what)


def plain(word: str) -> str:
    """A name of ours as words."""
    return {"started": "running"}.get(word, word.replace("_", " "))


def duration(seconds: float | None) -> str:
    """Such as `45 s`, `45 min`, `2 h 15 min`, `3 d 4 h`; `-` where there is none."""
    if seconds is None:
        return figures.NO_FIGURE
    whole = round(abs(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    (large, small), (big, little) = (
        (divmod(minutes, 60), ("h", "min")) if minutes < 48 * 60 else (divmod(round(minutes / 60), 24), ("d", "h"))
    )
    return f"{large} {big} {small} {little}" if small else f"{large} {big}"


def expected(phase: PhaseView) -> str:
    """Such as `1 h to 3 h`."""
    shortest, longest = duration(phase.shortest_seconds), duration(phase.longest_seconds)
    return longest if shortest == longest else f"{shortest} to {longest}"


def users(phase: PhaseView) -> str:
    """How many may work meanwhile."""
    if phase.users is None:
        return "any number"
    return "nobody" if phase.users == 0 else str(phase.users)


def elapsed(phase: PhaseView) -> str:
    """How long it took or takes, and how that stands to what is expected."""
    if phase.elapsed_seconds is None:
        return figures.NO_FIGURE
    told = duration(phase.elapsed_seconds)
    if phase.is_overdue:
        return f"{told}, {duration(phase.over_seconds)} too long"
    return f"{told} so far" if phase.is_running else told


def day(story: Story) -> str:
    """Such as `day 3 of 7`."""
    if story.is_over:
        return f"closed on day {story.day}"
    if story.live_at is not None and not story.is_over:
        return f"day {story.day}, live"
    return f"day {story.day} of {story.days}"


def state(story: Story) -> str:
    """The one word that matters: how it ended, else how it stands."""
    return plain(story.outcome) if story.outcome is not None else story.standing.value


def question(story: Story) -> str:
    """What the gate that is due decides."""
    if story.stage == "rolling_back":
        return "Is everything as it was before?"
    following = story.following
    return f"May {following.name} begin?" if following is not None else "May it go live?"


def while_running(story: Story) -> str:
    """What the running phase has to do with the next one."""
    names = [one.name for one in story.phases]
    running = story.running
    if running is None:
        return ""
    after = names[names.index(running.name) + 1 :]
    asked = f"May {after[0]} begin?" if after else "May it go live?"
    return f"{asked} Not while {running.name} is running."


def answer(gate: GateView | None, story: Story) -> str:
    """The answer to it in words."""
    if gate is None:
        return "Yes, no gate stands before it"
    if gate.state is GateState.OPEN:
        return "Yes, by an override" if gate.override is not None else "Yes, the gate is open"
    if gate.state is GateState.CLOSED:
        return "No, the gate is closed"
    return "Not known" if story.stage == "rolling_back" else "Not yet, too little is known"


def advice(given: AdviceView) -> str:
    """The advice with its reason; nothing is rolled back by us."""
    told = ACTIONS.get(given.action, plain(given.action))
    if given.rollback_tier is not None:
        told += f" (rollback tier {given.rollback_tier})"
    return f"{told}: {given.reason}".rstrip(".") + "." if given.reason else f"{told}."


def doubt(given: AdviceView) -> str:
    """How probable it is that the worst series lies over the limits of the rollback matrix; empty where unknown."""
    if given.over_25 is None or given.over_40 is None or not (given.over_25 or given.over_40):
        return ""
    return (
        f"Probability that the worst series is more than 25 % slower: {figures.percent(given.over_25)}; "
        f"more than 40 %: {figures.percent(given.over_40)}."
    )


def decided(given: AdviceView) -> str:
    """Who decides and how long a rollback may take; empty where nothing is to decide."""
    parts = [f"Decided by: {given.decided_by}."] if given.decided_by else []
    if given.time_limit_minutes is not None:
        parts.append(f"A rollback may take {duration(60.0 * given.time_limit_minutes)}.")
    return " ".join(parts)


def rollback_left(rollback: RollbackView, now: datetime) -> str:
    """How a decided rollback stands to its time limit."""
    left = rollback.left_seconds(now)
    if rollback.recovered_at is not None:
        took = duration((rollback.recovered_at - rollback.at).total_seconds())
        if left is None:
            return f"Recovered after {took}."
        return f"Recovered after {took}, {duration(left)} {'within' if left >= 0 else 'over'} its limit."
    if left is None:
        return "The matrix gives it no time limit."
    return f"{duration(left)} left." if left >= 0 else f"Over its time limit by {duration(left)}."


def outcome(story: Story) -> str:
    """How it ended, or where it stands, as a sentence."""
    match story.outcome, story.stage:
        case "succeeded", _:
            return "It succeeded: live, and watched to the end."
        case "rolled_back", _:
            return "It was rolled back, and the recovery was validated."
        case "abandoned", _:
            return "It was abandoned."
        case _, "rolling_back":
            return "It is being rolled back."
        case _, "watching":
            return "It is live and watched."
    running = story.running
    if running is not None:
        return f"{running.name} is running."
    done = sum(one.status == "completed" for one in story.phases)
    return f"{done} of {len(story.phases)} phases are completed."


def data_loss(story: Story) -> str:
    """Whether anything got lost, as a sentence that claims no more than was asked."""
    found = story.integrity
    if found is None:
        return "Whether data was lost is not known: no gate has asked for it yet."
    where = f"at the gate {found.gate}"
    match found.state:
        case GateState.OPEN:
            return f"Zero data loss: every check of integrity held {where}."
        case GateState.CLOSED:
            return f"Data may be lost: not every check of integrity held {where}."
        case _:
            return f"Whether data was lost is not known: not every check could be asked {where}."


def course(phase: PhaseView) -> str:
    """From when to when it ran, or until when it should: `2026-03-02 10:17 to 13:47`; `-` before it began."""
    if phase.started_at is None:
        return figures.NO_FIGURE
    begun = minute(phase.started_at)
    if phase.ended_at is not None:
        return f"{begun} to {_later(phase.started_at, phase.ended_at)}"
    return begun if phase.due_at is None else f"{begun}, due {_later(phase.started_at, phase.due_at)}"


def _later(first: datetime, then: datetime) -> str:
    return f"{then:%H:%M}" if then.date() == first.date() else minute(then)


def minute(at: datetime | None) -> str:
    """An instant to the minute; `-` where there is none."""
    return figures.NO_FIGURE if at is None else f"{at:%Y-%m-%d %H:%M}"
