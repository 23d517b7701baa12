"""What is told of a deployment, and what may not be told because nobody filled it in."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from alerts import (
    Announcement,
    EmergencyNotice,
    RunningActivity,
    StatusUpdate,
    Style,
    Tone,
    UnfinishedMessageError,
    UpcomingActivity,
    blanks,
    compose_announcement,
    preview_announcement,
)
from alerts.messages.message import LISTED
from alerts.messages.rendering import CALL_WORDS, SMS_LENGTH
from alerts.messages.telling import TITLE_LENGTH
from tests.alerts.announced import EMERGENCY, NOON, STATUS
from thresholds import Level
from thresholds.deployment.standing import Standing

DOCS = Path(__file__).parents[3] / "docs" / "alerting.md"
NAIVE = NOON.replace(tzinfo=None)
EACH_FIELD = [(one, field.name) for one in (STATUS, EMERGENCY) for field in fields(one)]
LEFTOVERS = [
    "{owner}",
    "${OWNER}",
    "[TBD]",
    "TBD",
    "todo",
    "TODO: ask",
    "___",
    "<name>",
    "<!channel>",
    "[Time]",
    "[...]",
]
QUIET = replace(STATUS, standing=Standing.ON_TRACK, completed=(), running=(), upcoming=(), issues=(), mitigation=None)
# What a voice may be given.
SAID = re.compile(r"[\w\s.,:?!']*")


def texts() -> Iterator[tuple[Announcement, str]]:
    """Every field of every message that holds a text."""
    return ((one, name) for one, name in EACH_FIELD if type(getattr(one, name)) is str)


def refusal(message: Announcement) -> str:
    """Why no style of the message may be sent: the same for each."""
    told = set()
    for style in Style:
        with pytest.raises(UnfinishedMessageError) as raised:
            compose_announcement(message, style)
        told.add(str(raised.value))
    [why] = told
    return why


def with_blank(message: Announcement, name: str, value: object) -> Announcement:
    """The message with another value in a field."""
    return replace(message, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(("message", "name"), EACH_FIELD, ids=lambda one: one if isinstance(one, str) else "")
def test_a_field_that_nobody_knows_is_a_blank(message: Announcement, name: str) -> None:
    """Each field, one by one: it is named, no style is sent, and the preview shows where it is missing."""
    assert blanks(message) == ()
    unfinished = with_blank(message, name, None)
    [words] = blanks(unfinished)
    assert words in refusal(unfinished)
    assert f"(blank: {words})" in preview_announcement(unfinished)
    assert "None" not in preview_announcement(unfinished)


def test_blanks_are_named_in_words() -> None:
    """As somebody would say them, in the order of the fields."""
    nothing: Any = dict.fromkeys(field.name for field in fields(STATUS))
    assert blanks(StatusUpdate(**nothing)) == (
        "deployment",
        "time",
        "day",
        "days",
        "standing",
        "completed activities",
        "running activities",
        "upcoming activities",
        "issues",
        "mitigation",
        "next update",
        "contact",
    )
    nothing = dict.fromkeys(field.name for field in fields(EMERGENCY))
    assert blanks(EmergencyNotice(**nothing)) == (
        "deployment",
        "time",
        "issue",
        "impact",
        "action taken",
        "expected resolution",
        "contact",
    )


@pytest.mark.parametrize("empty", ["", " ", "\n\t", "\u200b\u00a0"])
@pytest.mark.parametrize(("message", "name"), list(texts()), ids=lambda one: one if isinstance(one, str) else "")
def test_a_text_of_nothing_but_spaces_is_a_blank(message: Announcement, name: str, empty: str) -> None:
    """Whichever spaces, also those that can't be seen."""
    unfinished = with_blank(message, name, empty)
    [words] = blanks(unfinished)
    assert words.endswith("which is only spaces" if empty else "which is empty")
    assert words in refusal(unfinished)


@pytest.mark.parametrize("leftover", LEFTOVERS)
@pytest.mark.parametrize(("message", "name"), list(texts()), ids=lambda one: one if isinstance(one, str) else "")
def test_what_is_left_of_a_template_is_a_blank(message: Announcement, name: str, leftover: str) -> None:
    """A text with such a piece in it is not filled in, and the blank says which piece."""
    unfinished = with_blank(message, name, f"by {leftover} at noon")
    [words] = blanks(unfinished)
    assert re.search(r"which still says (\S+)", words)
    assert re.findall(r"still says (.*)", words)[0] in leftover
    assert words in refusal(unfinished)
    assert f"(blank: {words})" in preview_announcement(unfinished)


@pytest.mark.parametrize(
    "text",
    ["p95 < 300 ms and > 20 ms", "[Errno 111] refused", "tags text[] is gone", "a & b", "1 <2 and 3> 2", "the todos",
     "50 % (of 12)", "client_groups"],
)  # fmt: skip
def test_what_people_write_is_no_leftover(text: str) -> None:
    """Comparisons, figures in brackets, types, names with an underscore."""
    assert blanks(replace(EMERGENCY, issue=text)) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"completed": ("done", " ")}, "completed activities no. 2, which is only spaces"),
        ({"issues": ("TODO",)}, "issues no. 1, which still says TODO"),
        (
            {"running": (RunningActivity(name="{phase}", since=NOON),)},
            "running activities no. 1, which still says {phase}",
        ),
        (
            {"running": (RunningActivity(name="load", since=NOON, pace="[pace]"),)},
            "running activities no. 1, which still says [pace]",
        ),
        ({"upcoming": (UpcomingActivity(name="", expected_at=NOON),)}, "upcoming activities no. 1, which is empty"),
        ({"upcoming": (UpcomingActivity(name="indexes", expected_at=None),)}, "expected completion of indexes"),
        ({"issues": (), "standing": Standing.ISSUES}, "issues, which the standing ISSUES speaks of"),
        ({"issues": (), "mitigation": "{plan}"}, "mitigation, which still says {plan}"),
    ],
)
def test_a_blank_in_a_list_is_told_with_its_place(changes: dict[str, Any], words: str) -> None:
    """What one item lacks holds up the message like anything else."""
    unfinished = replace(STATUS, **changes)
    assert blanks(unfinished) == (words,)
    assert words in refusal(unfinished)
    assert f"(blank: {words})" in preview_announcement(unfinished)


@pytest.mark.parametrize("mitigation", [None, "", "  "])
def test_empty_lists_are_none_and_no_blank(mitigation: str | None) -> None:
    """Without issues there is nothing to mitigate; nothing done and nothing ahead are said as well."""
    quiet = replace(QUIET, mitigation=mitigation)
    assert blanks(quiet) == ()
    mail = compose_announcement(quiet, Style.MAIL).body
    assert mail.count("\n- none") == 4
    assert "Mitigation: none needed" in mail
    assert "none" not in compose_announcement(replace(STATUS, standing=Standing.ON_TRACK), Style.MAIL).body


@pytest.mark.parametrize(
    "changes",
    [
        {"day": 8},
        {"day": 0},
        {"days": 0, "day": None},
        {"at": NAIVE},
        {"next_update_at": NAIVE},
        {"next_update_at": NOON},
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    """A day outside of the deployment, an instant without a time zone, a next update that does not come later."""
    with pytest.raises(ValueError, match=r"day|time zone|next update"):
        replace(STATUS, **changes)


def test_activities_have_a_time_zone_too() -> None:
    """Nobody could say when that was."""
    with pytest.raises(ValueError, match=r"load.*no time zone"):
        RunningActivity(name="load", since=NAIVE)
    with pytest.raises(ValueError, match=r"load.*no time zone"):
        UpcomingActivity(name="load", expected_at=NAIVE)


@pytest.mark.parametrize("style", [Style.MAIL, Style.CHAT])
@pytest.mark.parametrize("message", [STATUS, EMERGENCY], ids=["status", "emergency"])
def test_who_reads_gets_every_field(message: Announcement, style: Style) -> None:
    """A mail and a chat have all texts of the message, and when it was written."""
    written = compose_announcement(message, style)
    told = f"{written.title}\n{written.body}"
    for field in fields(message):
        value = getattr(message, field.name)
        for one in value if isinstance(value, tuple) else (value,):
            known = getattr(one, "name", one)
            if isinstance(known, str):
                assert known in told, field.name
    assert "2026-03-04 12:00:00 UTC" in told
    if isinstance(message, StatusUpdate):
        for piece in ("day 3 of 7", "since 06:00 UTC", "6 h so far", "slow", "by 5 March 01:00 UTC", "16:00 UTC"):
            assert piece in told


@pytest.mark.parametrize("message", [STATUS, EMERGENCY, QUIET], ids=["status", "emergency", "quiet"])
def test_little_room_keeps_what_matters(message: Announcement) -> None:
    """An SMS has its length and still whom to ask; a call has its words, none of them a sign, and the number."""
    endless = {
        field.name: "Überlang " * 60
        for field in fields(message)
        if field.name in ("deployment", "issue", "impact", "action_taken", "expected_resolution", "mitigation")
    }
    for one in (message, replace(message, **endless)):  # type: ignore[arg-type]
        sms, call = compose_announcement(one, Style.SMS), compose_announcement(one, Style.CALL)
        assert max(len(sms.title), len(call.title)) <= TITLE_LENGTH
        assert len(sms.body) <= SMS_LENGTH
        assert sms.body.endswith("Carol Jones (+49 30 1234567)")
        assert len(call.body.split()) <= CALL_WORDS
        assert call.body.endswith("ontact Carol Jones, 49 30 1234567.")
        assert SAID.fullmatch(call.title + call.body)
        assert not set("×…→–’") & set(sms.title + sms.body)


def test_an_sms_of_an_emergency_says_what_when_and_whom_to_ask() -> None:
    """In the order in which it matters."""
    sms = compose_announcement(EMERGENCY, Style.SMS)
    assert sms.title == "EMERGENCY, deployment v42: every log-in ends with error 503"
    positions = [sms.body.index(one) for one in ("no client reaches", "12:15 UTC", "Carol Jones")]
    assert positions == sorted(positions)


def test_people_cannot_break_the_lines() -> None:
    """Line breaks, tabs, terminal and direction controls in any text become spaces; each text stays one line."""
    odd = "one\r\ntwo\t\x1b[31mthree\u202efour\u2028five"
    told = replace(
        STATUS,
        deployment=odd,
        contact=odd,
        mitigation=odd,
        issues=(odd,),
        completed=(odd, odd),
        running=(RunningActivity(name=odd, since=NOON),),
    )
    plain = compose_announcement(STATUS, Style.MAIL)
    for style in Style:
        message = compose_announcement(told, style)
        assert message.title.isprintable()
        assert all(line.isprintable() for line in message.body.split("\n"))
    mail = compose_announcement(told, Style.MAIL)
    assert mail.body.count("\n") == plain.body.count("\n")
    assert mail.body.count("one two [31mthree four five") == 7


def test_a_long_list_is_counted() -> None:
    """A mail lists so many, a chat three, and both say how many there are besides."""
    many = replace(STATUS, completed=tuple(f"step {at}" for at in range(LISTED + 5)))
    assert f"- step {LISTED - 1}\n- and 5 more" in compose_announcement(many, Style.MAIL).body
    assert f"step 2 (and {LISTED + 2} more)" in compose_announcement(many, Style.CHAT).body


@pytest.mark.parametrize(
    ("message", "tone", "level"),
    [
        (replace(STATUS, standing=Standing.ON_TRACK), Tone.SUCCESS, Level.OK),
        (STATUS, Tone.WARNING, Level.WARNING),
        (replace(STATUS, standing=Standing.ISSUES), Tone.FAILURE, Level.WARNING),
        (EMERGENCY, Tone.FAILURE, Level.CRITICAL),
    ],
)
def test_the_tone_is_that_of_the_standing(message: Announcement, tone: Tone, level: Level) -> None:
    """Its colour says how bad it is."""
    written = compose_announcement(message, Style.CHAT)
    assert (written.tone, written.severity) == (tone, level)


def test_an_emergency_is_one_incident_and_a_status_none() -> None:
    """The same notice has the same id each time it is tried, another one another; neither looks like an alert's."""
    first = compose_announcement(EMERGENCY, Style.CHAT).alert_id
    again = compose_announcement(replace(EMERGENCY), Style.CALL).alert_id
    assert first is not None
    assert first == again
    assert not re.fullmatch(r"[0-9a-f]+", first)
    later = compose_announcement(replace(EMERGENCY, at=NOON + timedelta(hours=1)), Style.CHAT).alert_id
    assert later not in (None, first)
    assert compose_announcement(STATUS, Style.CHAT).alert_id is None


def test_times_are_told_in_utc() -> None:
    """Whatever zone they were given in."""
    away = timezone(timedelta(hours=14))
    noon = NOON.astimezone(away)
    status = replace(
        STATUS,
        at=noon,
        next_update_at=noon + timedelta(hours=4),
        running=(RunningActivity(name="data migration", since=noon - timedelta(hours=6), pace="slow"),),
        upcoming=(UpcomingActivity(name="index optimisation", expected_at=noon + timedelta(hours=13)),),
    )
    for given, told in ((status, STATUS), (replace(EMERGENCY, at=noon), EMERGENCY)):
        assert compose_announcement(given, Style.MAIL).body == compose_announcement(told, Style.MAIL).body


@pytest.mark.parametrize(
    ("message", "style"),
    [(STATUS, Style.MAIL), (STATUS, Style.SMS), (EMERGENCY, Style.MAIL), (EMERGENCY, Style.SMS)],
)
def test_the_page_shows_messages_as_they_arrive(message: Announcement, style: Style) -> None:
    """Letter by letter."""
    written = compose_announcement(message, style)
    block = f"```\n{written.title}\n\n{written.body}\n```\n"
    assert block in DOCS.read_text(encoding="utf-8"), f"docs/alerting.md must show\n{block}"
