"""The report for a change ticket: one file."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from baselines.samples import Samples
from baselines.verdict import Verdict
from dashboards.reports import render_html
from tests.dashboards.examples import SLOW, assessed, capture, compared, dropped_index
from tests.dashboards.html_checks import read
from thresholds.assessment import Assessment

NAMES = [one.series.name for one in dropped_index().comparison.series]


def test_the_file_is_whole_and_alone() -> None:
    """Every tag is closed, nothing is loaded, nothing runs, and the words of the headline stand in it."""
    page = read(render_html(dropped_index(), before=capture("pre", dict.fromkeys(NAMES, 0.04))))
    assert f"1 of 9 series is slower than tolerance: {SLOW} is 7.3 times slower." in page.text
    assert "Roll back (rollback tier 1)" in page.text
    for verdict in Verdict:
        assert verdict.value in page.text


@pytest.mark.parametrize(
    "assessment",
    [
        assessed(),
        assessed(compared("a.b", Verdict.NEW)),
        assessed(compared("a.b", Verdict.MISSING)),
        assessed(*(compared(f"a.b{number}", Verdict.DEGRADED, 1.3 * 3**number) for number in range(9))),
        assessed(*(compared(f"a.b{number}", Verdict.WITHIN) for number in range(100))),
        assessed(compared("a.b", Verdict.INCONCLUSIVE, 1.0, spread=1e6)),
        assessed(compared("a.b", Verdict.DEGRADED, None)),
    ],
)
def test_every_size_of_comparison_makes_a_page(assessment: Assessment) -> None:
    """No series, one without a ratio, a hundred, an endless interval: all are drawn inside the axis."""
    html = render_html(assessment)
    read(html)
    positions = [float(one) for one in re.findall(r'(?:x|x1|x2|width)="([\d.-]+)%"', html)]
    assert all(0 <= one <= 100 for one in positions)


def test_a_hostile_name_stays_text() -> None:
    """Whatever a series is called, it closes no tag, starts no script and leaves no attribute."""
    hostile = 'a."><script>alert(1)</script><img src=http://x onerror=y>'
    page = read(render_html(assessed(compared(hostile, Verdict.DEGRADED, 2.0))))
    assert hostile in page.text


def test_the_policy_allows_the_style_sheet_that_is_there() -> None:
    """The hash in the policy is that of the style element, byte by byte; nothing else is allowed."""
    import base64
    import hashlib

    html = render_html(dropped_index())
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    page = read(html)
    policies = [value for tag, name, value in page.attributes if tag == "meta" and "default-src" in (value or "")]
    assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]


def test_every_picture_has_a_sentence() -> None:
    """An svg that is not decoration says in words what it draws."""
    before, after = capture("pre", {SLOW: 0.04}), capture("post", {SLOW: 0.3}, failing=0.1, seed=2)
    html = render_html(dropped_index(), before=before, after=after)
    pictures = re.findall(r"<svg [^>]*role=\"img\"[^>]*>", html)
    labels = [re.search(r'aria-label="([^"]+)"', one) for one in pictures]
    assert len(pictures) == 9 + 1
    assert all(labels)
    told = next(one[1] for one in labels if one and one[1].startswith(f"{SLOW}:"))
    assert told == f"{SLOW}: 7.31 times as slow as before, 95 % interval 6.90 to 7.75, tolerance 1.25: degraded"
    assert "Answered at all: before 100 %" in html


def test_rows_share_one_logarithmic_axis() -> None:
    """Equal factors are equal distances, and the same ratio lies at the same place in every row."""
    ratios = (1.3, 2.6, 5.2)
    html = render_html(assessed(*(compared(f"a.b{ratio}", Verdict.DEGRADED, ratio) for ratio in reversed(ratios))))
    marks = sorted(float(one) for one in re.findall(r'<svg x="([\d.]+)%"', html))
    first, second = (right - left for left, right in pairwise(marks))
    assert first == pytest.approx(second, abs=0.02)


def test_the_details_show_sessions_and_cold_calls_apart() -> None:
    """A dot for every session of both sides in the picture, and a row of figures for calls that were never judged."""
    before, after = capture("pre", {SLOW: 0.04}), capture("post", {SLOW: 0.3}, seed=2)
    cold = {SLOW: Samples(np.full(10, 0.5), np.zeros(10, dtype=np.bool_))}
    sessions = [replace(one, cold=cold) for one in before.sessions]
    html = render_html(dropped_index(), before=replace(before, sessions=sessions), after=after)
    assert html.count('<circle class="dot"') == html.count('<circle class="dot after"') == 5
    assert re.search(r'"row">before, cold</th>\s*<td class="number">50<', html)
    assert "after, cold" not in html


def test_hundreds_of_series_are_a_file_to_attach() -> None:
    """Three hundred series with their pictures stay below three megabytes."""
    names = [f"database_queries.portfolio_summary_{number}" for number in range(300)]
    before, after = (capture(name, dict.fromkeys(names, 0.04), seed=seed) for name, seed in (("pre", 1), ("post", 2)))
    html = render_html(assessed(*(compared(name, Verdict.INCONCLUSIVE) for name in names)), before=before, after=after)
    assert html.count('class="ecdf"') == 300
    assert len(html.encode()) < 3_000_000


def test_ink_on_paper_has_contrast_enough() -> None:
    """WCAG AA: 4.5 to 1 for every colour of text on every ground it stands on, in light and in dark."""
    style = re.search(r"<style>(.*?)</style>", render_html(assessed()), re.DOTALL)
    assert style is not None
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6})", one)) for one in style[1].split("@media", 2)[:2])
    for colours in (light, {**light, **dark}):
        for ground in ("paper", "card", "band"):
            assert contrast(colours["ink"], colours[ground]) >= 4.5
        for text in ("soft", "bad", "unsure", "good", "calm", "after", "before"):
            assert contrast(colours[text], colours["card"]) >= 4.5, text
            assert contrast(colours[text], colours["paper"]) >= 4.5, text
        for kind in ("bad", "unsure", "good", "calm"):
            assert contrast(colours[kind], colours[f"{kind}-soft"]) >= 4.5, kind
            assert contrast(colours["ink"], colours[f"{kind}-soft"]) >= 4.5, kind


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of #rrggbb."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
