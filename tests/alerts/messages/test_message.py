"""What people read, or hear."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Alert, AlertState
from alerts.incidents import IncidentAction
from alerts.messages.message import LISTED, Briefing, Links, Message, Style, Told, Tone, compose
from alerts.messages.rendering import CALL_WORDS, SMS_LENGTH
from alerts.messages.samples import sample_groups, sample_told
from alerts.messages.telling import TITLE_LENGTH
from alerts.notification import Notification, Reason
from baselines.series import Unit
from tests.alerts.house import START
from thresholds.finding import Level, Rule

NAME = "api_endpoints.client_groups"
ID = "649dda17a038"
LINK = "https://watch.example/ack/3vQm9Yt0JrXw5LkC7sBz2NfPa8HdGe1U"
LINKS = Links(
    alert=f"https://watch.example/alerts/{ID}",
    series=f"https://watch.example/series/{NAME}",
    runbook="https://wiki.example/slow",
    acknowledge=LINK,
)
BRIEFING = Briefing(
    links=LINKS,
    baseline="4.17 × the baseline (95 % interval 3.6 to 4.7)",
    changes=("index client_groups_by_name on client_groups is gone", "release v41 → v42"),
    done=("08:45 slack-critical was told", "08:50 email-ops-team was told", "08:55 bob opened the runbook"),
)
# Everything that a voice may be given: words, numbers, times of day.
SAID = re.compile(r"[\w\s.,:?!']*")
ENDED: dict[str, Any] = {"state": AlertState.RESOLVED, "resolved_at": START, "good_count": 2}
SLOWER: dict[str, Any] = {"rule": Rule.BASELINE, "unit": Unit.RATIO, "value": 9.27, "value_limit": 1.25}


def told(reason: Reason = Reason.FIRED, briefing: Briefing = BRIEFING, step: int = 0, **changes: Any) -> Told:
    """A critical alert on a slow endpoint that began 18 minutes before START and was told 15 minutes before."""
    began = {"opened_at": START - timedelta(minutes=18), "fired_at": START - timedelta(minutes=15)}
    name = changes.get("series", NAME)
    given = {
        "id": ID,
        "series": name,
        "summary": f"{name} is 1250 ms, above its critical limit of 300 ms",
        "value": 1.25,
        "value_limit": 0.3,
        "level": Level.CRITICAL,
        "rule": Rule.ABSOLUTE,
        "unit": Unit.SECONDS,
        "occurrence": 1,
        "good_count": 0,
        "state": AlertState.FIRING,
        "target": "portal",
        **began,
        **changes,
    }
    alert = Alert(
        fingerprint=f"{name}:{given['rule']}",
        route="slow_endpoints",
        tier="tier_3_critical",
        action=None,
        bad_count=3,
        critical_count=3,
        step=step,
        channels=(),
        updated_at=START,
        **given,
    )
    notification = Notification(
        alert_id=alert.id,
        channel="slack-critical",
        origin="slack-critical",
        group="portal",
        reason=reason,
        occurrence=alert.occurrence,
        step=step,
        due_at=START,
        deadline_at=START + timedelta(minutes=5),
    )
    return Told(alert=alert, notification=notification, briefing=briefing)


def several(count: int, reason: Reason = Reason.FIRED, **changes: Any) -> list[Told]:
    """So many alerts on endpoints of the portal."""
    return [told(reason, id=f"{n:012x}", series=f"api_endpoints.number_{n}", **changes) for n in range(count)]


def written(reason: Reason = Reason.FIRED, style: Style = Style.MAIL, **changes: Any) -> Message:
    """The message of one alert."""
    return compose([told(reason, **changes)], style)


def test_a_mail_says_everything() -> None:
    """What is wrong, since when, why now, the link to acknowledge, the figure against its limit and the baseline, what
    changed, what was done, where to read on, and which message this is; links stand on lines of their own.
    """
    message = written(Reason.ESCALATED, step=1)
    assert message.title == "CRITICAL, unanswered: api_endpoints.client_groups 1250 ms"
    assert message.body.splitlines() == [
        "api_endpoints.client_groups is 1250 ms, above its critical limit of 300 ms",
        "Critical, since 2026-03-02 08:42:00 UTC, for 18 min so far.",
        "Escalated: nobody acknowledged for 15 min.",
        "",
        "Acknowledge",
        LINK,
        "",
        "Figure",
        "1250 ms, limit 300 ms",
        "4.17 × the baseline (95 % interval 3.6 to 4.7)",
        "https://watch.example/series/api_endpoints.client_groups",
        "",
        "What changed",
        "- index client_groups_by_name on client_groups is gone",
        "- release v41 → v42",
        "",
        "Done so far",
        "- 08:45 slack-critical was told",
        "- 08:50 email-ops-team was told",
        "- 08:55 bob opened the runbook",
        "",
        "Runbook",
        "https://wiki.example/slow",
        "",
        "Alert",
        "https://watch.example/alerts/649dda17a038",
        "",
        "Tier: tier_3_critical",
        "Target: portal",
        "Alert 649dda17a038, message 1.1 (escalated)",
    ]


def test_a_chat_says_it_in_eight_lines() -> None:
    """The same in eight lines at most: of the changes the newest, of what was done the latest."""
    message = written(Reason.ESCALATED, Style.CHAT, step=1)
    assert message.title == "CRITICAL, unanswered: api_endpoints.client_groups 1250 ms"
    assert message.body.splitlines() == [
        "api_endpoints.client_groups is 1250 ms, above its critical limit of 300 ms",
        "Critical, since 2026-03-02 08:42:00 UTC, for 18 min so far; escalated: nobody acknowledged for 15 min.",
        "1250 ms, limit 300 ms; 4.17 × the baseline (95 % interval 3.6 to 4.7): "
        "https://watch.example/series/api_endpoints.client_groups",
        "Changed: index client_groups_by_name on client_groups is gone (and 1 more)",
        "Done: 08:50 email-ops-team was told; 08:55 bob opened the runbook",
        f"Acknowledge: {LINK}",
        "Runbook: https://wiki.example/slow",
        "Alert 649dda17a038, message 1.1 (escalated), tier_3_critical, portal: "
        "https://watch.example/alerts/649dda17a038",
    ]


def test_an_sms_adds_to_its_title_what_there_is_room_for() -> None:
    """Since when, why, the link whole, and the id with the sequence; no letter that would need sixteen bits."""
    message = written(Reason.ESCALATED, Style.SMS, step=1)
    assert message.title == "CRITICAL, unanswered: api_endpoints.client_groups 1250 ms"
    assert message.body == (
        f"since 08:42 UTC; escalated: nobody acknowledged for 15 min; 1250 ms, limit 300 ms {LINK} [649dda17a038 1.1]"
    )
    assert len(message.body) <= SMS_LENGTH


def test_a_call_is_words() -> None:
    """A voice says what is wrong against which limit, since when, why, what to do, what changed, and spells the id."""
    message = written(Reason.ESCALATED, Style.CALL, step=1)
    assert message.title == "Critical alert, unanswered: api endpoints client groups"
    assert message.body == (
        "Api endpoints client groups is at 1.25 seconds, its limit is 300 milliseconds. It began at 08:42 UTC, "
        "18 minutes ago. Escalated: nobody acknowledged for 15 minutes. Please acknowledge it. Changed shortly before: "
        "index client groups by name on client groups is gone. Alert 6 4 9, D D A, 1 7 A, 0 3 8."
    )


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize(
    ("reason", "changes", "why"),
    [
        (Reason.RAISED, {}, "it got worse and is critical now"),
        (Reason.ESCALATED, {}, "nobody acknowledged for 15 min"),
        (Reason.EXHAUSTED, {}, "everybody was told, and nobody has acknowledged for 15 min"),
        (Reason.REMINDED, {}, "reminder: nobody has acknowledged for 15 min"),
        (Reason.REOPENED, {"acknowledged_by": "carol"}, "open again: the acknowledgement by carol has expired"),
        (Reason.REOPENED, {}, "open again: the acknowledgement has expired"),
        (Reason.UNSILENCED, {}, "the silence has ended, and it is still broken"),
        (Reason.FIRED, {"flaps": 3}, "flapping: it came back 3 times shortly after its end"),
        (Reason.ACKNOWLEDGED, {"acknowledged_by": "carol", "acknowledged_until": START + timedelta(hours=4)},
         "acknowledged by carol until 13:00 UTC"),
        (Reason.INHIBITED, {}, "inhibited"),
    ],
)  # fmt: skip
def test_every_message_says_why_it_was_sent(reason: Reason, changes: dict[str, Any], why: str, style: Style) -> None:
    """Whoever is told, and in whatever style, hears why now."""
    body = written(reason, style, briefing=Briefing(), **changes).body
    expected = why.replace(" min", " minutes") if style is Style.CALL else why
    assert expected.lower() in body.lower()


def test_a_length_of_time_that_is_not_known_is_not_made_up() -> None:
    """Once somebody had acknowledged it, nobody knows from the alert since when nobody has it in hand."""
    body = written(Reason.REMINDED, occurrence=2).body
    assert "Reminder: nobody has acknowledged." in body.splitlines()


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        (Reason.FIRED, "CRITICAL: api_endpoints.client_groups 1250 ms, limit 300 ms"),
        (Reason.RAISED, "CRITICAL, worse: api_endpoints.client_groups 1250 ms, limit 300 ms"),
        (Reason.ESCALATED, "CRITICAL, unanswered: api_endpoints.client_groups 1250 ms"),
        (Reason.EXHAUSTED, "CRITICAL, nobody answers: api_endpoints.client_groups 1250 ms"),
        (Reason.REMINDED, "CRITICAL, reminder: api_endpoints.client_groups 1250 ms, limit 300 ms"),
        (Reason.REOPENED, "CRITICAL, open again: api_endpoints.client_groups 1250 ms"),
        (Reason.UNSILENCED, "CRITICAL, silence over: api_endpoints.client_groups 1250 ms"),
        (Reason.RESOLVED, "RESOLVED: api_endpoints.client_groups after 18 min"),
        (Reason.RETIRED, "RETIRED: api_endpoints.client_groups after 18 min"),
        (Reason.ACKNOWLEDGED, "ACKNOWLEDGED by carol: api_endpoints.client_groups"),
    ],
)
def test_the_title_alone_says_what_is_wrong_and_which_message_it_is(reason: Reason, title: str) -> None:
    """Level, what makes this message another than the first, series and value."""
    assert written(reason, acknowledged_by="carol").title == title


@pytest.mark.parametrize(
    ("reason", "changes", "expected"),
    [
        (Reason.FIRED, {}, (Tone.FAILURE, IncidentAction.TRIGGER)),
        (Reason.ESCALATED, {"level": Level.WARNING}, (Tone.WARNING, IncidentAction.TRIGGER)),
        (Reason.ACKNOWLEDGED, {}, (Tone.INFO, IncidentAction.ACKNOWLEDGE)),
        (Reason.RESOLVED, {"good_count": 2}, (Tone.SUCCESS, IncidentAction.RESOLVE)),
        (Reason.RETIRED, {}, (Tone.INFO, IncidentAction.RESOLVE)),
    ],
)
def test_a_service_learns_what_to_make_of_it(
    reason: Reason, changes: dict[str, Any], expected: tuple[Tone, IncidentAction]
) -> None:
    """Colour, action, severity, alert and source come with the message."""
    message = written(reason, **changes)
    assert (message.tone, message.action) == expected
    assert (message.alert_id, message.source) == (ID, NAME)
    assert message.severity is changes.get("level", Level.CRITICAL)


def test_a_resolved_message_says_how_long_it_lasted() -> None:
    """The end names the beginning, the end and the time between, and asks nobody to acknowledge."""
    for style in Style:
        message = written(Reason.RESOLVED, style, step=1, **ENDED)
        assert "18 min" in message.title + message.body
        assert "acknowledge" not in message.body.lower().replace("email-ops-team", "")
        assert LINK not in message.body
    body = written(Reason.RESOLVED, step=1, **ENDED).body
    assert "Fired and cleared: since 2026-03-02 08:42:00 UTC, until 2026-03-02 09:00:00 UTC, lasted 18 min" in body
    assert body.endswith("message 1.1 (resolved)")


def test_an_end_without_a_good_measurement_is_none_of_health() -> None:
    """What somebody ended by hand, or what is not measured any more, is not said to be well."""
    by_hand: dict[str, Any] = {**ENDED, "good_count": 0}
    mail, call = written(Reason.RESOLVED, **by_hand), written(Reason.RESOLVED, Style.CALL, **by_hand)
    assert mail.body.startswith("ended by hand; last seen: api_endpoints.client_groups is 1250 ms")
    assert mail.tone is Tone.INFO
    assert call.body.startswith("Ended by hand, last seen: api endpoints client groups is 1.25 seconds")
    retired = written(Reason.RETIRED, Style.CALL, **{**ENDED, "summary": f"{NAME} is not measured any more"})
    assert retired.body.startswith("Api endpoints client groups is not measured any more.")


def test_an_alert_without_a_figure_says_what_happened() -> None:
    """Where there is nothing to measure, the title holds the sentence of the finding."""
    broken: dict[str, Any] = {
        "value": None,
        "value_limit": None,
        "summary": "reachability.portal failed (connection refused)",
    }
    message = written(series="reachability.portal", briefing=Briefing(), **broken)
    assert message.title == "CRITICAL: reachability.portal failed (connection refused)"
    assert message.body.splitlines() == [
        "reachability.portal failed (connection refused)",
        "Critical, since 2026-03-02 08:42:00 UTC, for 18 min so far.",
        "",
        "Tier: tier_3_critical",
        "Target: portal",
        "Alert 649dda17a038, message 1.0 (fired)",
    ]


@pytest.mark.parametrize(
    ("series", "reason", "title"),
    [
        ("database_queries.portfolio_valuation_aggregation", Reason.FIRED,
         "CRITICAL: database_queries.portfolio_valuation_aggregation 9.3× slower"),
        ("database_queries.portfolio_valuation_aggregation", Reason.REMINDED,
         "CRITICAL: database_queries.portfolio_valuation_aggregation 9.3× slower"),
        ("database_queries.portfolio_summary", Reason.ESCALATED,
         "CRITICAL, unanswered: database_queries.portfolio_summary 9.3× slower"),
        ("features.größenübersicht_" + "x" * 100 + "_für_alle", Reason.FIRED,
         "CRITICAL: features.größenübersich…xxxxxxxxxxxxx_für_alle 9.3× slower"),
    ],
)  # fmt: skip
def test_a_long_name_leaves_the_value_in_the_title(series: str, reason: Reason, title: str) -> None:
    """The limit goes first, then the reason, then the middle of the name; the value stays."""
    assert written(reason, series=series, **SLOWER).title == title
    assert len(title) <= TITLE_LENGTH


def test_a_figure_and_its_limit_can_be_told_apart() -> None:
    """A value that is hardly over its limit has as many digits as show it."""
    assert written(value=0.30004, value_limit=0.3).title.endswith("300.04 ms, limit 300 ms")


def test_the_baseline_rule_tells_its_figure_once() -> None:
    """The interval stands in the place of the bare ratio, with the limit behind it."""
    changes = {**SLOWER, "value": 4.17}
    lines = written(**changes).body.splitlines()
    figure = lines.index("Figure")
    assert lines[figure + 1] == "4.17 × the baseline (95 % interval 3.6 to 4.7), limit 1.25"
    assert lines[figure + 2].startswith("https://")
    assert "takes 4.17 times the baseline, its limit is 1.25 times" in written(style=Style.CALL, **changes).body


def test_what_began_on_another_day_says_which() -> None:
    """A time of day alone would be taken for today's."""
    body = written(style=Style.SMS, opened_at=START - timedelta(hours=10), briefing=Briefing()).body
    assert body == "since 1 March 23:00 UTC [649dda17a038 1.0]"


def test_a_link_stands_whole_or_not_at_all() -> None:
    """In an SMS the link comes before prose; one that is too long for it is left to the other channels."""
    longest = SMS_LENGTH - len(" [649dda17a038 1.0]")
    whole, cut = (LINK + "x" * (length - len(LINK)) for length in (longest, longest + 1))
    message = compose([told()], Style.SMS, acknowledge=whole)
    assert message.body == f"{whole} [649dda17a038 1.0]"
    assert "http" not in compose([told()], Style.SMS, acknowledge=cut).body


def test_an_sms_cuts_what_explains_it() -> None:
    """Of what changed there is as much as fits, up to the end of a word; what would say nothing is left out."""
    briefing = replace(BRIEFING, changes=(f"the plan changed: {'a further step; ' * 20}",))
    message = written(style=Style.SMS, briefing=briefing)
    assert message.body == (
        f"since 08:42 UTC; changed: the plan changed: a further step; a further step; a... {LINK} [649dda17a038 1.0]"
    )
    assert "changed" not in compose([told(briefing=briefing)], Style.SMS, acknowledge=f"{LINK}{'x' * 40}").body


def test_the_link_that_was_issued_counts() -> None:
    """The link that is given with the message stands in the place of the one that was known before."""
    for style in (Style.MAIL, Style.CHAT, Style.SMS):
        body = compose([told()], style, acknowledge="https://watch.example/ack/issued").body
        assert "https://watch.example/ack/issued" in body
        assert LINK not in body


@pytest.mark.parametrize("style", [Style.MAIL, Style.CHAT])
def test_text_comes_through_as_it_is(style: Style) -> None:
    """Nothing is taken for markup or for a template, in an alert as in what explains it."""
    odd = "*_x_* <script>alert(1)</script> {{ 7 * 7 }} & Größe"
    for message in (
        written(style=style, summary=odd, briefing=Briefing(changes=(odd,))),
        compose(several(2, summary=odd, briefing=Briefing(changes=(odd,))), style),
    ):
        assert message.body.count(odd) >= 2


@pytest.mark.parametrize("style", Style)
def test_what_breaks_lines_does_not_break_a_message(style: Style) -> None:
    """A summary of several lines, with control characters in it, is one line."""
    broken: dict[str, Any] = {"summary": "it\r\nfailed\x1b[2J\x00 here", "value": None}
    message = written(style=style, briefing=Briefing(changes=("one\ntwo",)), **broken)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", message.title + message.body)
    assert "\n" not in message.title
    assert "it failed" in (message.title + message.body).lower()
    assert style is Style.SMS or "one two" in message.body


def test_an_sms_is_sent_in_seven_bits() -> None:
    """Signs of ours that telephones send in sixteen bits a letter are written otherwise."""
    briefing = Briefing(changes=("release v41 → v42",))
    message = written(style=Style.SMS, briefing=briefing, series="database_queries." + "x" * 90, **SLOWER)
    assert "..." in message.title
    assert message.title.endswith(" 9.3x slower")
    assert "v41 -> v42" in message.body
    assert (message.title + message.body).isascii()
    assert len(message.title) <= TITLE_LENGTH


@pytest.mark.parametrize("style", Style)
@settings(deadline=None, max_examples=60)
@given(
    series=st.text(min_size=1, max_size=120).map("odd.".__add__),
    summary=st.text(max_size=400),
    value=st.none() | st.floats(min_value=0, max_value=1e12),
    reason=st.sampled_from(Reason),
    rule=st.sampled_from(Rule),
    changes=st.lists(st.text(max_size=300), max_size=3),
    token=st.integers(min_value=0, max_value=160),
)
def test_every_message_keeps_to_its_style(
    style: Style,
    series: str,
    summary: str,
    value: float | None,
    reason: Reason,
    rule: Rule,
    changes: Sequence[str],
    token: int,
) -> None:
    """Whatever it is given: a title of one line and 70 characters, an SMS of 160 with its link whole and its id, a call
    of sixty words and no signs, and in mail and chat the id in the last line.
    """
    link = f"https://watch.example/ack/{'x' * token}"
    briefing = Briefing(links=LINKS, baseline=summary, changes=tuple(changes))
    one = told(reason, briefing, series=series, summary=summary, value=value, rule=rule)
    other = told(reason, briefing, id="0123456789ab", series=series, summary=summary, value=value, rule=rule)
    for message in (compose([one], style, acknowledge=link), compose([one, other], style, acknowledge=link)):
        assert len(message.title) <= TITLE_LENGTH
        assert message.title == " ".join(message.title.split())
        match style:
            case Style.SMS:
                assert len(message.body) <= SMS_LENGTH
                assert f"{ID} " in message.body or "0123456789ab " in message.body
                assert not re.search(r"https://watch.example/ack/x*(?![x ])", message.body)
            case Style.CALL:
                assert SAID.fullmatch(message.title + message.body)
                assert len(message.body.split()) <= CALL_WORDS
                assert "6 4 9, D D A, 1 7 A, 0 3 8" in message.body or "0 1 2, 3 4 5, 6 7 8, 9 A B" in message.body
            case _:
                assert "message" in message.body.splitlines()[-1]
                assert "\n\n\n" not in message.body


def test_a_group_lists_its_alerts_the_gravest_first() -> None:
    """Counted and placed in the title, a line each with since when and its id, one link to acknowledge all of them."""
    warning = told(
        id="111111111111",
        series="api_endpoints.products",
        summary="api_endpoints.products is 400 ms",
        level=Level.WARNING,
    )
    older = told(id="222222222222", series="reachability.login", summary="reachability.login failed")
    newer = replace(told(), alert=replace(told().alert, opened_at=START - timedelta(minutes=1)))
    message = compose([warning, older, newer], Style.MAIL, acknowledge="https://watch.example/ack/all")
    assert message.title == "3 alerts: 2 critical, 1 warning: portal"
    assert (message.alert_id, message.severity, message.source) == (None, Level.CRITICAL, "portal")
    assert (message.tone, message.action) == (Tone.FAILURE, IncidentAction.TRIGGER)
    assert message.body.splitlines()[:9] == [
        "3 alerts since 08:42 UTC: 2 critical, 1 warning.",
        "",
        "- CRITICAL: api_endpoints.client_groups is 1250 ms, above its critical limit of 300 ms, since 08:59 UTC. "
        "Alert 649dda17a038, message 1.0 (fired)",
        "- CRITICAL: reachability.login failed, since 08:42 UTC. Alert 222222222222, message 1.0 (fired)",
        "- WARNING: api_endpoints.products is 400 ms, since 08:42 UTC. Alert 111111111111, message 1.0 (fired)",
        "",
        "Acknowledge all",
        "https://watch.example/ack/all",
        "",
    ]
    assert LINK not in message.body


@pytest.mark.parametrize("style", [Style.MAIL, Style.CHAT])
def test_a_long_list_is_cut_and_leads_to_the_rest(style: Style) -> None:
    """Twenty lines, how many more there are, and a link to the first of them."""
    crowd = [
        replace(one, briefing=Briefing(links=Links(alert=f"https://watch.example/alerts/{one.alert.id}")))
        for one in several(500)
    ]
    message = compose(crowd, style)
    assert message.title == "500 alerts: 500 critical: portal"
    assert len(re.findall(r"Alert [0-9a-f]{12}, message 1\.0 \(fired\)", message.body)) == LISTED
    assert "and 480 more" in message.body
    assert f"https://watch.example/alerts/{LISTED:012x}" in message.body


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ([{}, {}], ": portal"),
        ([{"target": None}, {"target": None}], ": api_endpoints"),
        ([{"target": "portal"}, {"target": "other"}], ": api_endpoints"),
        ([{"series": NAME}, {"series": NAME, "rule": Rule.BASELINE}], f": {NAME}"),
        ([{"target": None}, {"target": None, "series": "web_vitals.time_to_first_byte"}], ""),
    ],
)
def test_a_group_says_what_its_alerts_have_in_common(changes: list[dict[str, Any]], where: str) -> None:
    """The series, else the target, else the category, else nothing."""
    group = [told(**{"id": f"{n:012x}", "series": f"api_endpoints.number_{n}", **one}) for n, one in enumerate(changes)]
    assert compose(group, Style.CHAT).title == f"2 alerts: 2 critical{where}"


def test_a_group_is_told_for_a_reason_it_has_in_common() -> None:
    """An escalation of all of them is one, in the title and in the body of every style."""
    for style in Style:
        message = compose(several(3, Reason.ESCALATED), style)
        assert message.title == "3 alerts, unanswered: 3 critical: portal"
        assert "nobody acknowledged for 15 min" in message.body
    mixed = compose([*several(1, Reason.ESCALATED), told()], Style.MAIL)
    assert mixed.title == "2 alerts: 2 critical: portal"
    assert "- CRITICAL, unanswered: api_endpoints.number_0" in mixed.body


def test_a_group_that_is_over_says_how_long_each_lasted() -> None:
    """All resolved: so says the title, each line has its length of time, and nobody is asked for anything."""
    group = several(3, Reason.RESOLVED, **ENDED)
    message = compose(group, Style.CHAT, acknowledge=LINK)
    assert message.title == "RESOLVED: 3 alerts: portal"
    assert message.body.count("lasted 18 min, since 08:42 UTC") == 3
    assert (message.tone, message.action) == (Tone.SUCCESS, IncidentAction.RESOLVE)
    assert LINK not in message.body
    assert compose(group, Style.CALL).body.startswith("3 alerts on portal are over.")


def test_a_digest_of_beginnings_and_ends_counts_both() -> None:
    """What is not over comes first, and makes it an alarm."""
    message = compose([*several(1, Reason.RESOLVED, **ENDED), told(level=Level.WARNING)], Style.CHAT)
    assert message.title == "2 alerts: 1 warning, 1 resolved: portal"
    assert message.body.startswith("• WARNING: api_endpoints.client_groups")
    assert (message.tone, message.action, message.severity) == (Tone.WARNING, IncidentAction.TRIGGER, Level.WARNING)


def test_an_alert_is_told_once_in_a_message() -> None:
    """Of several notifications of one alert the latest counts, in whatever order they come."""
    fired, resolved = told(), told(Reason.RESOLVED, step=1, **ENDED)
    for both in ([fired, resolved], [resolved, fired]):
        assert compose(both, Style.MAIL) == compose([resolved], Style.MAIL)


def test_the_same_group_can_be_known_by_its_last_line() -> None:
    """The last line is the same for the same messages in any order, and another for others."""
    group = several(3)
    lines = [compose(one, Style.CHAT).body.splitlines()[-1] for one in (group, group[::-1], several(3, step=1))]
    assert re.match(r"3 alerts, message [0-9a-f]{12}", lines[0])
    assert lines[0] == lines[1] != lines[2]


def test_an_sms_of_several_keeps_its_link() -> None:
    """As many names as there is room for in front of the link and the first id."""
    message = compose(several(30), Style.SMS, acknowledge=LINK)
    assert message.title == "30 alerts: 30 critical: portal"
    assert message.body.startswith("since 08:42 UTC; api_endpoints.number_0 1250 ms")
    assert message.body.endswith(f"{LINK} [000000000000 1.0 +29]")


def test_a_message_of_nothing_is_a_mistake() -> None:
    """There is no message without an alert."""
    with pytest.raises(ValueError, match="one alert at least"):
        compose([], Style.MAIL)


@pytest.mark.parametrize("style", Style)
def test_the_samples_show_every_kind_of_message(style: Style) -> None:
    """What a preview shows can be composed in every style: a warning, an outage, an escalation, an end and a group."""
    messages = [compose(group, style) for group in sample_groups(START)]
    assert [one.action for one in messages] == [IncidentAction.TRIGGER] * 3 + [
        IncidentAction.RESOLVE,
        IncidentAction.TRIGGER,
    ]
    assert [one.severity for one in messages[:2]] == [Level.WARNING, Level.CRITICAL]
    assert messages[-1].title == "3 alerts: 2 critical, 1 warning: portal"
    assert len(sample_told(START)) == 7
