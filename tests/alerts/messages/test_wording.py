"""Figures, lengths of time and cut texts."""

import pytest

from alerts.messages.wording import fitted, format_duration, format_figure, one_line, sentence, shortened
from baselines.series import Unit
from thresholds.finding import Rule


@pytest.mark.parametrize(
    ("value", "unit", "rule", "written"),
    [
        (0.45, Unit.SECONDS, Rule.ABSOLUTE, "450 ms"),
        (12.0, Unit.SECONDS, Rule.ABSOLUTE, "12 s"),
        (0.0123, Unit.SECONDS, Rule.ABSOLUTE, "12.3 ms"),
        (0.9999, Unit.RATIO, Rule.FLOOR, "99.99 %"),
        (0.99985, Unit.RATIO, Rule.FLOOR, "99.985 %"),
        (0.81, Unit.RATIO, Rule.ABSOLUTE, "81 %"),
        (1.316, Unit.SECONDS, Rule.BASELINE, "1.32 × the baseline"),
        (1.25, Unit.RATIO, Rule.BASELINE, "1.25 × the baseline"),
        (11.44, Unit.RATIO, Rule.BASELINE, "11.4 × the baseline"),
        (3.1e9, Unit.BYTES, Rule.ABSOLUTE, "3.1 GB"),
        (5e6, Unit.BYTES, Rule.ABSOLUTE, "5 MB"),
        (900, Unit.BYTES, Rule.ABSOLUTE, "900 B"),
        (7, Unit.COUNT, Rule.ABSOLUTE, "7"),
        (12345, Unit.COUNT, Rule.ABSOLUTE, "12345"),
    ],
)
def test_figures_are_written_for_people(value: float, unit: Unit, rule: Rule, written: str) -> None:
    """Base units become what people write, with no digit more than there is to say."""
    assert format_figure(value, unit, rule) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0 s"), (0.4, "0 s"), (45, "45 s"), (60, "1 min"), (725, "12 min 5 s"), (12000, "3 h 20 min"),
     (3601, "1 h"), (86400, "1 d"), (187200, "2 d 4 h")],
)  # fmt: skip
def test_durations_are_written_in_their_two_largest_units(seconds: float, written: str) -> None:
    """A length of time is as short as it can be read at a glance."""
    assert format_duration(seconds) == written


@pytest.mark.parametrize(
    ("text", "length", "ellipsis", "cut"),
    [
        ("it is slow", 10, "…", "it is slow"),
        ("it is slow today", 11, "…", "it is slow…"),
        ("it is slow today", 13, "…", "it is slow…"),
        ("it is slow, today", 12, "…", "it is slow…"),
        ("Donaudampfschifffahrt", 8, "…", "Donauda…"),
        ("es überschreitet die Grenze", 20, "...", "es überschreitet..."),
        ("a Donaudampfschifffahrt", 8, "", "a"),
    ],
)
def test_a_text_is_cut_where_a_word_ends_or_says_so(text: str, length: int, ellipsis: str, cut: str) -> None:
    """What is cut ends with an ellipsis, and with a whole word if that does not cost half of it."""
    assert fitted(text, length, ellipsis) == cut
    assert len(cut) <= length


@pytest.mark.parametrize(("length", "cut"), [(30, "api_endpoints.client_groups"), (15, "api_end…_groups"), (1, "…")])
def test_a_name_loses_its_middle(length: int, cut: str) -> None:
    """Its category and its end stay."""
    assert shortened("api_endpoints.client_groups", length) == cut
    assert len(cut) <= length


@pytest.mark.parametrize(
    "text", ["it\nis\r\n\tslow", "it\x1b is\x00 slow", "it\u2028is\u202e slow", "it \ud800is\x85slow"]
)
def test_a_line_has_nothing_in_it_that_breaks_it(text: str) -> None:
    """Line breaks, control characters, directions of writing and halves of letters become spaces."""
    assert one_line(text) == "it is slow"


@pytest.mark.parametrize(("text", "written"), [("", ""), ("it is slow", "It is slow."), ("slow…", "Slow…")])
def test_a_sentence_begins_and_ends_as_one(text: str, written: str) -> None:
    """A capital letter and a stop, where there is anything at all."""
    assert sentence(text) == written
