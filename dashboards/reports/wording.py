"""An assessment in sentences, and the order in which its series are told: the same in every report."""

import math
from collections import Counter
from collections.abc import Sequence

from baselines.ledger import Change, Section
from baselines.series import Unit
from baselines.verdict import Question, SeriesComparison, Summary, Verdict
from dashboards.reports import figures
from thresholds.assessment import Action, Assessment
from thresholds.finding import Level

# Worst first; what people have to look at stands before what they may skip.
ORDER = (
    Verdict.DEGRADED,
    Verdict.MISSING,
    Verdict.INCONCLUSIVE,
    Verdict.IMPROVED,
    Verdict.WITHIN,
    Verdict.NEW,
)
ACTIONS = {
    Action.CONTINUE: "Continue",
    Action.HOLD: "Hold",
    Action.ROLLBACK: "Roll back",
    Action.UNDECIDED: "Undecided",
}

# After a deployment there may be hundreds; whoever wants them all asks for JSON.
MOST_CHANGES = 20
MOST_NAMES = 3


def ordered(assessment: Assessment) -> list[SeriesComparison]:
    """The series by verdict, then by impact, the highest first, then by name."""
    return sorted(
        assessment.comparison.series,
        key=lambda one: (ORDER.index(one.verdict), -impact(one), one.series.name),
    )


def impact(one: SeriesComparison) -> float:
    """How many times as dear an answer has become: the typical ratio, times how many more calls one answer takes.

    Infinite where nothing answers any more; 0 where there are not two sides.
    """
    if one.before is None or one.after is None:
        return 0.0
    share_before, share_after = _answered(one.before), _answered(one.after)
    if not share_after:
        return math.inf if share_before else 0.0
    answer = one.answer(Question.TYPICAL)
    ratio = 1.0 if answer is None or answer.ratio is None else answer.ratio
    return ratio * share_before / share_after


def headline(assessment: Assessment) -> str:
    """What there is to know, on one line."""
    return " ".join(headlines(assessment))


def headlines(assessment: Assessment) -> list[str]:
    """What there is to know, most important sentence first; never empty."""
    total = len(assessment.comparison.series)
    if not total:
        return ["There is nothing to compare: neither side has a series."]
    degraded = [one for one in ordered(assessment) if one.verdict is Verdict.DEGRADED]
    slower = [one for one in degraded if not _only_fails_more(one)]
    failing = [one for one in degraded if _only_fails_more(one)]
    sentences = []
    if slower:
        worst = slower[0]
        named = worst.series.name if len(slower) == 1 else f"worst is {worst.series.name}, which"
        sentences.append(f"{_share(len(slower), total)} slower than tolerance: {named} is {_change(worst)}.")
    if failing:
        sentences.append(f"{_share(len(failing), total, verb=('fails', 'fail'))} more often: {_names(failing)}.")
    missing = assessment.comparison.having(Verdict.MISSING)
    if missing:
        sentences.append(f"{_share(len(missing), total)} missing after: {_names(missing)}.")
    inconclusive = len(assessment.comparison.having(Verdict.INCONCLUSIVE))
    if not sentences:
        sentences.append(_nothing_degraded(assessment, inconclusive))
    elif inconclusive:
        sentences.append(f"{_share(inconclusive, total)} inconclusive.")
    critical = {one.series for one in assessment.findings if one.level is Level.CRITICAL}
    if critical:
        sentences.append(f"{len(critical)} series {'is' if len(critical) == 1 else 'are'} over a critical limit.")
    return sentences


def advice(assessment: Assessment) -> str:
    """The advice with its reason, which names who decides and by when; nothing is rolled back by us."""
    given = assessment.advice
    text = ACTIONS[given.action]
    if given.rollback_tier is not None:
        text += f" (rollback tier {given.rollback_tier})"
    if given.reason:
        text += f": {given.reason}"
    return text.rstrip(".") + "."


def doubt(assessment: Assessment) -> str:
    """How probable it is that the worst degraded series lies over the limits of the rollback matrix."""
    over_25, over_40 = assessment.advice.over_25, assessment.advice.over_40
    return (
        "Probability that the worst series is more than 25 % slower: "
        f"{figures.percent(over_25)}; more than 40 %: {figures.percent(over_40)}."
    )


def reason(one: SeriesComparison) -> str:
    """Why the verdict is what it is, as one sentence; never empty."""
    if one.reason:
        return one.reason
    return {
        Verdict.MISSING: "the series is in the baseline and was not measured after",
        Verdict.NEW: "the series was measured after and is not in the baseline",
        Verdict.INCONCLUSIVE: "the samples don't decide it",
        Verdict.IMPROVED: "faster than before",
        Verdict.WITHIN: "within tolerance",
        Verdict.DEGRADED: "worse than tolerance",
    }[one.verdict]


def changes(assessment: Assessment) -> list[str]:
    """What changed besides the times, one sentence each; what slows most often comes first.

    That is what is gone or works no more; then what is otherwise than before. What has only come is counted where it is
    much, and tables that were analysed or vacuumed are named in a single sentence.
    """
    everything = assessment.comparison.changes
    upkeep = [one.item for one in everything if one.section is Section.STATISTICS]
    new = [one for one in everything if one.section is not Section.STATISTICS and one.is_new]
    told = [one for one in everything if one.section is not Section.STATISTICS and not one.is_new]
    told.sort(key=lambda one: not one.is_loss)
    if len(new) <= MOST_NAMES:
        told += new
    sentences = [_dated(one) for one in told[:MOST_CHANGES]]
    if len(told) > MOST_CHANGES:
        sentences.append(f"{len(told) - MOST_CHANGES} further changes, see --format json")
    if len(new) > MOST_NAMES:
        counts = Counter(one.section for one in new)
        sentences.append(f"new: {', '.join(f'{section} {count}' for section, count in counts.items())}")
    if upkeep:
        rest = len(upkeep) - MOST_NAMES
        sentences.append(f"upkeep: {', '.join(upkeep[:MOST_NAMES])}" + (f" and {rest} more" if rest > 0 else ""))
    return sentences


def _dated(change: Change) -> str:
    return f"{change.sentence} ({change.source}, {change.at:%Y-%m-%d %H:%M} UTC)"


def median(side: Summary | None, unit: Unit) -> str:
    """The median of one side with its unit; `-` where there is none."""
    return figures.NO_FIGURE if side is None else figures.quantity(side.median, unit)


def worse_questions(one: SeriesComparison) -> list[str]:
    """Where a series is degraded though its typical call is not: the questions that say so, else nothing."""
    worse = [answer.question for answer in one.answers if answer.verdict is Verdict.DEGRADED]
    return [] if Question.TYPICAL in worse else [question.value for question in worse]


def sample_count(before: Summary | None, after: Summary | None) -> str:
    """The calls of both sides: `100/100`; `0` stands for a side that has no such series."""
    return f"{before.n if before else 0}/{after.n if after else 0}"


def unanswered(side: Summary) -> int:
    """Calls that failed or waited in vain."""
    return side.failed + side.timed_out


def sentence(text: str) -> str:
    """The same words with a capital in front and a full stop behind."""
    first = text.partition(" ")[0]
    # A name such as database_queries.portfolio_summary stays as it is written.
    begun = f"{text[:1].upper()}{text[1:]}" if first.isalpha() else text
    return begun + ("" if text.endswith((".", "!", "?")) else ".")


def _answered(side: Summary) -> float:
    """The share of calls that were answered."""
    return 1 - unanswered(side) / side.n if side.n else 0.0


def _change(one: SeriesComparison) -> str:
    """The change of the question that shows it: the typical one, else the tail's."""
    for question, what in ((Question.TYPICAL, ""), (Question.TAIL, " in its slowest calls")):
        answer = one.answer(question)
        if answer is not None and answer.verdict is Verdict.DEGRADED and answer.ratio is not None:
            if answer.ratio >= 2:
                times = f"{answer.ratio:.{1 if answer.ratio < 10 else 0}f}"
                return f"{times} times slower{what}"
            return f"{(answer.ratio - 1) * 100:.0f} % slower{what}"
    return "slower"


def _only_fails_more(one: SeriesComparison) -> bool:
    worse = {answer.question for answer in one.answers if answer.verdict is Verdict.DEGRADED}
    return worse == {Question.AVAILABILITY}


def _nothing_degraded(assessment: Assessment, inconclusive: int) -> str:
    total = len(assessment.comparison.series)
    improved = len(assessment.comparison.having(Verdict.IMPROVED))
    new = len(assessment.comparison.having(Verdict.NEW))
    if new == total:
        return f"Nothing to compare with: {_all(total)} new."
    if inconclusive == total:
        return f"Nothing can be said yet: {_all(total)} inconclusive."
    parts = [f"{_count(inconclusive)} inconclusive"] if inconclusive else []
    parts += [f"{_count(improved)} faster"] if improved else []
    parts += [f"{_count(new)} new"] if new else []
    return f"None of {total} series is slower than tolerance" + (f"; {', '.join(parts)}." if parts else ".")


def _share(part: int, total: int, verb: tuple[str, str] = ("is", "are")) -> str:
    return f"{part} of {total} series {verb[0] if part == 1 else verb[1]}"


def _count(number: int) -> str:
    return f"{number} {'is' if number == 1 else 'are'}"


def _all(number: int) -> str:
    return "the only series is" if number == 1 else f"all {number} series are"


def _names(series: Sequence[SeriesComparison], shown: int = MOST_NAMES) -> str:
    names = [one.series.name for one in series[:shown]]
    rest = len(series) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")
