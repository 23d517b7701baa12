"""A deployment as Markdown for a ticket or a merge request."""

from collections.abc import Iterator, Sequence

from dashboards.deployment import wording
from dashboards.deployment.story import JudgedGate, MessageView, PhaseView, Story
from dashboards.reports.markdown import inert as text


def render_deployment_markdown(story: Story) -> str:
    """The whole deployment as of its instant; after its end, the closing report."""
    parts: list[Sequence[str]] = [list(_head(story)), list(_phases(story))]
    parts += [
        _section("Gates", [line for one in story.gates for line in _gate(one)]),
        _section(
            "Integrity",
            [
                f"**{text(wording.data_loss(story))}**",
                *(f"- {text(one)}" for one in (story.integrity.lines if story.integrity else ())),
            ],
        ),
        _section("Checklist", list(_checklist(story))),
        _section("Watch after going live", list(_watch(story))),
        _section(
            "Advice given", [f"- {wording.minute(one.at)}: {text(wording.advice(one))}" for one in story.advices]
        ),
        _section("Rollback", list(_rollback(story))),
        _section("Messages", [_message(one) for one in story.messages]),
        _section("Sign-offs", [_sign_off(one.item, one.by, one.passed, one.note) for one in story.sign_offs]),
        _section("Timeline", [f"- {wording.minute(one.at)}: {text(one.sentence)}" for one in story.timeline]),
    ]  # fmt: skip
    return "\n".join(line for part in parts for line in part) + "\n"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"#### {title}", "", *lines] if lines else []


def _head(story: Story) -> Iterator[str]:
    yield f"### {text(story.name)}: {text(story.title)}"
    yield ""
    yield f"**{story.standing.value}**, {wording.day(story)}. {text(wording.outcome(story))}"
    if story.closing_note:
        yield ""
        yield f"Closing note: {text(story.closing_note)}"
    if story.why:
        yield ""
        yield from (f"- {text(one)}" for one in story.why)
    yield ""
    yield (
        f"Environment: {text(story.environment)} · opened {wording.minute(story.opened_at)} UTC by "
        f"{text(story.opened_by)} · held against {text(story.before)} · profile {text(story.profile)}"
    )
    if story.live_at is not None:
        yield f"Live since {wording.minute(story.live_at)}, watched until {wording.minute(story.watched_until)} UTC"
    if story.finished_at is not None:
        yield f"Closed {wording.minute(story.finished_at)} UTC"
    if not story.is_over and story.running is None and (story.gate is not None or story.following is not None):
        yield ""
        yield f"**{text(wording.question(story))}** {text(wording.answer(story.gate, story))}."
        if story.gate is not None:
            yield from ("", *(f"- {text(one)}" for one in story.gate.reasons))


def _phases(story: Story) -> Iterator[str]:
    yield from _section(
        "Phases",
        [
            "| phase | status | expected | took | begun (UTC) | ended (UTC) | users allowed |",
            "|---|---|---|---|---|---|---|",
            *(_phase(one) for one in story.phases),
        ],
    )
    operations = [(phase, one) for phase in story.phases for one in phase.operations]
    if operations:
        yield from ("", "| operation | phase | status | took | pace |", "|---|---|---|---|---|")
        for phase, one in operations:
            status = wording.plain(one.status) + (f": {one.error}" if one.error else "")
            took = wording.duration(one.seconds)
            yield f"| {text(one.name)} | {text(phase.name)} | {text(status)} | {took} | {one.pace or '-'} |"


def _phase(phase: PhaseView) -> str:
    status = wording.plain(phase.status) + (", began ungated" if phase.ungated else "")
    if phase.attempts > 1:
        status += f", attempt {phase.attempts}"
    cells = (
        f"{text(phase.name)}: {text(phase.title)}",
        status,
        wording.expected(phase),
        wording.elapsed(phase),
        wording.minute(phase.started_at),
        wording.minute(phase.ended_at),
        wording.users(phase),
    )
    return f"| {' | '.join(cells)} |"


def _gate(gate: JudgedGate) -> Iterator[str]:
    state = "not evaluated" if gate.state is None else gate.state.value
    yield f"- {wording.minute(gate.at)}: **{text(gate.name)}** {state}, by {text(gate.by)}"
    yield from (f"  - {text(one)}" for one in gate.reasons)
    if gate.override is not None:
        one = gate.override
        yield f"  - **Overridden** {wording.minute(one.at)} by {text(one.by)}: {text(one.reason)}"
        if one.against:
            yield f"  - It was known then: {text('; '.join(one.against))}"


def _checklist(story: Story) -> Iterator[str]:
    if story.health is not None:
        yield f"System health score {story.health.score} of 100: {text(story.health.word)}"
        yield ""
    for one in story.checklist:
        critical = " (critical)" if one.critical else ""
        yield f"- {text(one.status)}: {text(one.name)}{critical}{f', {text(one.detail)}' if one.detail else ''}"


def _watch(story: Story) -> Iterator[str]:
    for one in story.watch_by_day:
        hours = ", ".join(f"{count} {verdict}" for verdict, count in one.hours)
        degraded = f"; worse: {', '.join(one.degraded)}" if one.degraded else ""
        yield f"- {one.day}: {text(f'hours: {hours}{degraded}')}"


def _rollback(story: Story) -> Iterator[str]:
    found = story.rollback
    if found is None:
        return
    tier = "" if found.tier is None else f", tier {found.tier}"
    yield f"- Decided {wording.minute(found.at)} UTC by {text(found.by)}{tier}: {text(found.reason)}"
    yield f"- {text(wording.rollback_left(found, story.now))}"


def _message(one: MessageView) -> str:
    where = f" to {', '.join(one.channels)}" if one.channels else ""
    failed = f"; it did not arrive at {', '.join(one.failed)}" if one.failed else ""
    told = f"{one.kind}{where}{failed}"
    return f"- {wording.minute(one.at)}: {text(told)}, by {text(one.by)}"


def _sign_off(item: str, by: str, passed: bool, note: str) -> str:
    return f"- {text(item)}: {'passed' if passed else 'failed'}, by {text(by)}{f': {text(note)}' if note else ''}"
