"""What a voice makes of it."""

import pytest

from alerts.messages.speech import clause, spelled, spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api_endpoints.client_groups is 450 ms", "api endpoints client groups is 450 milliseconds"),
        ("takes 1250 ms, limit 1000 ms", "takes 1.25 seconds, limit 1 second"),
        ("1.32 × the baseline (95 % interval 1.20 to 1.45)", "1.32 times the baseline"),
        ("11× slower", "11 times slower"),
        ("×9.3", "9.3 times"),
        ("for 1 h 12 min", "for 1 hour 12 minutes"),
        ("after 180 s", "after 3 minutes"),
        ("99.985 % of calls", "99.985 percent of calls"),
        ("3.1 GB", "3.1 gigabytes"),
        ("work_mem 64MB → 4MB", "work mem 64 megabytes to 4 megabytes"),
        ("reachability.portal failed (connection refused)", "reachability portal failed, connection refused"),
        ("see https://watch.example/a/b?c=d now", "see now"),
        ("since 14:03 UTC; slack-alerts was told", "since 14:03 UTC, slack alerts was told"),
        ("release v4.1 → v4.2", "release v4.1 to v4.2"),
        ("free is -5 %", "free is minus 5 percent"),
        ("Größe der Übersicht: <b>*x*</b>", "Größe der Übersicht: b x b"),
        ("7 segments", "7 segments"),
    ],
)
def test_text_is_said_in_words(text: str, said: str) -> None:
    """Units and signs become words, names lose their joints, and neither addresses nor evidence is read aloud."""
    assert spoken(text) == said


def test_what_has_been_said_is_said_the_same() -> None:
    """Text that is words already stays as it is."""
    said = "api endpoints client groups is at 1.25 seconds, its limit is 1 second. It began at 14:03 UTC."
    assert spoken(said) == said


def test_an_id_is_spelled() -> None:
    """Letter by letter, in groups that can be written down."""
    assert spelled("649dda17a038") == "6 4 9, D D A, 1 7 A, 0 3 8"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("index by_date is gone", "index by_date is gone"),
        ("Index Scan became a Seq Scan: 499,200 rows read", "Index Scan became a Seq Scan"),
        ("seen at 14:03 first", "seen at 14:03 first"),
    ],
)
def test_a_call_hears_of_a_change_without_its_evidence(text: str, told: str) -> None:
    """A sentence ends where its evidence begins."""
    assert clause(text) == told
