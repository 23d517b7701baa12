"""An assessment in sentences: the same in every report."""

from collections import Counter
from collections.abc import Sequence

from baselines.common_mode import CommonCause, CommonMode
from baselines.explanation import ExplanationKind
from baselines.host_load import LoadRange, Side
from baselines.ledger import Change, Section
from baselines.series import Unit
from baselines.verdict import Question, SeriesComparison, Summary, Verdict
from dashboards.reports import figures, workload
from thresholds.assessment import Action, Assessment
from thresholds.finding import Level

ACTIONS = {
    Action.CONTINUE: "Continue",
    Action.HOLD: "Hold",
    Action.ROLLBACK: "Roll back",
    Action.UNDECIDED: "Undecided",
}
CAUSES = {
    CommonCause.HOST: "the controls too, so look at the host or the network first",
    CommonCause.DEPLOYMENT: "but not the controls, so it is deployment-wide",
    CommonCause.UNKNOWN: "so it is the host or deployment-wide",
}

# After a deployment there may be hundreds; whoever wants them all asks for JSON.
MOST_CHANGES = 20
MOST_NAMES = 3


def headline(assessment: Assessment) -> str:
    """What there is to know, on one line."""
    return " ".join(headlines(assessment))


def headlines(assessment: Assessment) -> list[str]:
    """What there is to know, most important sentence first; never empty.

    Where everything moved alike that stands before any single series: it is no correction, every verdict stays.
    """
    common = assessment.comparison.common_mode
    statements = workload.headline(assessment.comparison.workload)
    return ([_common(common)] if common else []) + _series_headlines(assessment) + statements


def _common(found: CommonMode) -> str:
    factor = found.ratio if found.ratio > 1 else 1 / found.ratio
    return (
        f"Everything is {figures.ratio(factor)} times {'slower' if found.ratio > 1 else 'faster'}: "
        f"{found.moved} of {found.series} series moved alike, {CAUSES[found.cause]}."
    )


def _series_headlines(assessment: Assessment) -> list[str]:
    total = len(assessment.comparison.series)
    if not total:
        return ["There is nothing to compare: neither side has a series."]
    degraded = assessment.comparison.having(Verdict.DEGRADED)
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
    critical = {one.series for one in assessment.findings if one.level is Level.CRITICAL and not one.dry_run}
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
        "Probability that the typical call of the worst series is more than 25 % slower: "
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


def verdict(one: SeriesComparison) -> str:
    """The verdict, with the questions that gave it where the typical call did not: `degraded (tail)`."""
    questions = deciding_questions(one)
    return one.verdict.value + (f" ({', '.join(questions)})" if questions else "")


def deciding_questions(one: SeriesComparison) -> list[str]:
    """The questions whose answer is the verdict, where the typical one is not among them; else nothing."""
    deciding = [answer.question for answer in one.answers if answer.verdict is one.verdict]
    return [] if Question.TYPICAL in deciding else [question.value for question in deciding]


def causes(one: SeriesComparison) -> list[str]:
    """Why the series moved, a sentence each, the best evidence first."""
    words = {ExplanationKind.UNKNOWN: "cause unknown:"}
    return [
        f"{words.get(each.kind, 'also:' if number else 'because')} {each.summary}"
        for number, each in enumerate(one.explanations)
    ]


def first_cause(one: SeriesComparison) -> str:
    """The cause with the best evidence in a word or two; empty where none is told."""
    return one.explanations[0].kind.value.replace("_", " ") if one.explanations else ""


def impact(one: SeriesComparison) -> str:
    """What the change costs, `+41.2 s` of work an hour; `-` where nobody knows how often the portal makes the call."""
    seconds = one.impact_seconds_per_hour
    if seconds is None:
        return figures.NO_FIGURE
    return f"{'+' if seconds >= 0 else '-'}{figures.quantity(abs(seconds), Unit.SECONDS)}"


def cost(one: SeriesComparison) -> str:
    """The same as a sentence; empty where nobody knows."""
    seconds, calls = one.impact_seconds_per_hour, one.series.calls_per_hour
    if seconds is None or calls is None:
        return ""
    verb = "costs" if seconds >= 0 else "saves"
    work = figures.quantity(abs(seconds), Unit.SECONDS)
    return f"{verb} {work} of work an hour, at {figures.digits(calls)} calls an hour"


def loads(assessment: Assessment) -> list[str]:
    """For which load of the host the verdicts hold, and a warning where it was another one after; may be empty."""
    found = assessment.comparison.loads
    if found.before is None and found.after is None:
        return []
    sentences = [
        f"The verdicts hold for a load per processor of {_load(found.before)} before and {_load(found.after)} after."
    ]
    match found.busier:
        case Side.AFTER:
            sentences.append("The host was much busier after: part of a slowdown may be its load, capture again.")
        case Side.BEFORE:
            sentences.append("The host was much busier before: a slowdown may be hidden by it, capture again.")
    return sentences


def _load(found: LoadRange | None) -> str:
    if found is None:
        return "an unknown one"
    low, high = f"{found.lowest:.2f}", f"{found.highest:.2f}"
    return low if low == high else f"{low} to {high}"


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


def sample_count(before: Summary | None, after: Summary | None) -> str:
    """The calls of both sides: `100/100`; `0` stands for a side that has no such series."""
    return f"{before.n if before else 0}/{after.n if after else 0}"


def sentence(text: str) -> str:
    """The same words with a capital in front and a full stop behind."""
    first = text.partition(" ")[0]
    # A name such as database_queries.portfolio_summary stays as it is written.
    begun = f"{text[:1].upper()}{text[1:]}" if first.rstrip(":").isalpha() else text
    return begun + ("" if text.endswith((".", "!", "?")) else ".")


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
