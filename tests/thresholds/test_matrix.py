"""Which limits hold for which series."""

import re
from dataclasses import replace
from importlib.resources import files

import pytest
from pydantic import ValidationError

from baselines.series import Direction, Series, Unit
from thresholds import FigureError, LimitOverride, Profile, ProfileFigures, ThresholdMatrix, load_matrix, shipped_line

LISTED = "database_queries.client_groups_list"


def overridden(name: str, **figures: object) -> ThresholdMatrix:
    return load_matrix().overridden({name: LimitOverride.model_validate(figures)})


def test_sources_of_a_listed_series() -> None:
    """A person can see where each figure comes from."""
    assert {name: str(one) for name, one in load_matrix().limits_of(Series(LISTED)).sources.items()} == {
        "warning": f"matrix: {LISTED}",
        "critical": f"matrix: {LISTED}",
        "multiplier": f"matrix: {LISTED}",
        "action": "default of database_queries",
        "bad_evaluations": "default",
        "good_evaluations": "default",
    }


def test_an_unlisted_series_has_the_default_of_its_category() -> None:
    """A query nobody listed still has a limit, and says whose."""
    limits = load_matrix().limits_of(Series("database_queries.new_query"))
    assert limits.warning is not None
    assert limits.warning.value == 0.5
    assert str(limits.sources["warning"]) == "default of database_queries"


def test_a_line_stands_for_itself() -> None:
    """A listed series without a limit has none: its category's is for those that are not listed."""
    matrix = ThresholdMatrix.model_validate(
        {
            "default": {"multiplier": 1.25, "bad_evaluations": 3, "good_evaluations": 2},
            "profiles": {"standard": {}, "enhanced": {}},
            "categories": {"a": {"default": {"warning": "1 s", "action": "act"}, "series": {"b": {"multiplier": 2}}}},
        }
    )
    limits = matrix.limits_of(Series("a.b"))
    assert (limits.warning, limits.multiplier, limits.action) == (None, 2, "act")


def test_a_category_nobody_listed() -> None:
    """A series of our own has a tolerance and no limit."""
    limits = load_matrix().limits_of(Series("our_own.figure"))
    assert (limits.multiplier, limits.warning, limits.critical) == (1.25, None, None)


def test_a_default_of_another_unit_is_left_out() -> None:
    """500 ms says nothing of a number of rows."""
    assert load_matrix().limits_of(Series("database_queries.rows", Unit.COUNT)).warning is None


def test_a_part_has_the_limits_of_the_whole() -> None:
    """One mount point of the disk has the disk's limits, with or without a line of its own in the configuration."""
    series = Series("system_resources.disk_usage.data", Unit.RATIO)
    limits = load_matrix().limits_of(series)
    assert str(limits.sources["warning"]) == "matrix: system_resources.disk_usage"
    changed = overridden("system_resources.disk_usage", warning="60 %").limits_of(series)
    assert changed.warning is not None
    assert changed.warning.value == 0.6


def test_an_override_changes_what_it_names_and_nothing_else() -> None:
    """The user's figure stands over the matrix, the rest stays."""
    limits = overridden(LISTED, warning="120 ms", bad_evaluations=5).limits_of(Series(LISTED))
    assert limits.warning is not None
    assert limits.critical is not None
    assert (limits.warning.value, limits.critical.value, limits.multiplier) == (0.12, 0.3, 1.25)
    assert (limits.bad_evaluations, limits.good_evaluations) == (5, 2)
    assert str(limits.sources["warning"]) == f"configuration: {LISTED}"
    assert str(limits.sources["critical"]) == f"matrix: {LISTED}"


def test_null_takes_a_limit_away() -> None:
    """A limit can be switched off, which is another thing than left as it is."""
    limits = overridden(LISTED, critical=None).limits_of(Series(LISTED))
    assert limits.critical is None
    assert limits.warning is not None
    assert "critical" not in limits.sources


def test_an_overridden_matrix_leaves_the_first_alone() -> None:
    """Overriding makes a new matrix."""
    matrix = load_matrix()
    matrix.overridden({LISTED: LimitOverride(multiplier=3)})
    assert matrix.limits_of(Series(LISTED)).multiplier == 1.25


@pytest.mark.parametrize(
    ("series", "figures", "message"),
    [
        (
            Series(LISTED),
            {"warning": 120},
            f"{LISTED}: warning 120 has no unit, and the series is measured in seconds: write it as 150 ms or 2 s "
            f"(configuration: {LISTED})",
        ),
        (
            Series(LISTED),
            {"warning": "80 %"},
            f"{LISTED}: warning 80 % is in ratio, and the series is measured in seconds: write it as 150 ms or 2 s "
            f"(configuration: {LISTED})",
        ),
        (
            Series(LISTED),
            {"warning": "400 ms"},
            f"{LISTED}: warning 400 ms must be below critical 300 ms (warning from configuration: {LISTED}, critical "
            f"from matrix: {LISTED})",
        ),
        (
            Series("system_resources.cpu_usage", Unit.RATIO),
            {"warning": 80},
            "system_resources.cpu_usage: warning 80 has no unit, and the series is measured in ratio: write it as 80 % "
            "(configuration: system_resources.cpu_usage)",
        ),
        (
            Series("kyc_reports.success_rate", Unit.RATIO, Direction.FLOOR),
            {"warning": "95 %"},
            "kyc_reports.success_rate: warning 95 % is a ceiling, and of this series less is worse: write at least "
            "before it (configuration: kyc_reports.success_rate)",
        ),
        (
            Series("kyc_reports.error_rate", Unit.RATIO),
            {"warning": "at least 95 %"},
            "kyc_reports.error_rate: warning at least 95 % is a floor, and of this series more is worse: leave out at "
            "least (configuration: kyc_reports.error_rate)",
        ),
    ],
)
def test_a_limit_that_does_not_fit_its_series(series: Series, figures: dict[str, object], message: str) -> None:
    """A limit that can't be meant is refused with the figure, the place and the way to write it."""
    with pytest.raises(FigureError) as caught:
        overridden(series.name, **figures).limits_of(series)
    assert str(caught.value) == message


def test_an_override_of_a_category_is_its_default() -> None:
    """It stands for what is not listed; of a listed series it changes what the line leaves open, and no limit."""
    matrix = overridden("database_queries.*", warning="400 ms", good_evaluations=4, dry_run=True)
    unlisted, listed = (matrix.limits_of(Series(f"database_queries.{name}")) for name in ("new", "client_groups_list"))
    assert unlisted.warning is not None
    assert listed.warning is not None
    assert (unlisted.warning.value, listed.warning.value) == (0.4, 0.15)
    assert (unlisted.good_evaluations, listed.good_evaluations, listed.bad_evaluations) == (4, 4, 3)
    assert (unlisted.dry_run, listed.dry_run) == (True, True)
    assert unlisted.sources["warning"].key == ("thresholds", "database_queries.*", "warning")
    assert matrix.limits_of(Series("api_endpoints.new")).dry_run is False


def test_a_series_stands_over_its_category() -> None:
    """Both are the user's: the nearer one holds."""
    both = {"x.*": LimitOverride(dry_run=True, multiplier=2), "x.a": LimitOverride(dry_run=False)}
    limits = load_matrix().overridden(both).limits_of(Series("x.a"))
    assert (limits.dry_run, limits.multiplier) == (False, 2)


def test_a_category_can_not_contradict_itself() -> None:
    """The shipped warning is 500 ms; a critical limit below it is refused with its place."""
    with pytest.raises(FigureError, match="warning 500 ms must be below critical 400 ms") as caught:
        overridden("database_queries.*", critical="400 ms")
    assert caught.value.source is not None
    assert caught.value.source.key == ("thresholds", "database_queries.*")


@pytest.mark.parametrize(
    ("profile", "at_most", "name", "tolerance", "shipped_key"),
    [
        (Profile.STANDARD, None, "portfolio_summary", 1.5, ("categories", "database_queries", "series")),
        (Profile.ENHANCED, None, "portfolio_summary", 1.15, ("profiles", "enhanced", "at_most")),
        (Profile.ENHANCED, 1.3, "portfolio_summary", 1.3, None),
        (Profile.ENHANCED, 1.3, "client_groups_list", 1.25, ("categories", "database_queries", "series")),
        (Profile.STANDARD, 1.2, "client_groups_list", 1.2, None),
    ],
)
def test_the_tolerance_comes_with_its_source(
    profile: Profile, at_most: float | None, name: str, tolerance: float, shipped_key: tuple[str, ...] | None
) -> None:
    """The smaller of the multiplier and what the profile allows, be it the customer's or the user's."""
    own = {} if at_most is None else {profile: ProfileFigures(at_most=at_most)}
    found, source = load_matrix().overridden({}, own).tolerance_of(Series(f"database_queries.{name}"), profile)
    assert found == tolerance
    assert source.shipped is (shipped_key is not None)
    assert source.key[:3] == (shipped_key or ("profiles", profile, "at_most"))


def test_every_shipped_figure_has_its_line() -> None:
    """The line that is named is the one in which the figure stands."""
    text = files("thresholds").joinpath("figures", "matrix.yml").read_text(encoding="utf-8").splitlines()
    matrix = load_matrix()
    for category, lines in matrix.categories.items():
        for metric in lines.series:
            line = text[shipped_line("matrix.yml", ("categories", category, "series", metric)) - 1]
            assert line.strip().startswith(f"{metric}:")
    assert text[shipped_line("matrix.yml", ("default", "bad_evaluations")) - 1].strip().startswith("bad_evaluations: 3")
    with pytest.raises(KeyError):
        shipped_line("matrix.yml", ("default", "nonsense"))


@pytest.mark.parametrize(
    ("series", "limit", "message"),
    [
        (
            Series("x.errors", Unit.COUNT, cadence_seconds=300, increment=True),
            "10 per minute",
            "x.errors: warning 10 per minute goes by less time than lies between two runs (5 min) (configuration: "
            "x.errors)",
        ),
        (
            Series("x.backups", Unit.COUNT, Direction.FLOOR, cadence_seconds=300, increment=True),
            "at least 1 per day",
            "x.backups: warning at least 1 per day would be broken whenever a run is missed: let the probe count that "
            "long (window) (configuration: x.backups)",
        ),
    ],
)
def test_a_count_that_runs_can_not_be_added_up_to(series: Series, limit: str, message: str) -> None:
    """Where each run counts only what is new, a limit by time must be one that a sum of runs can be held against."""
    with pytest.raises(FigureError) as caught:
        overridden(series.name, warning=limit).limits_of(series)
    assert str(caught.value) == message
    whole = replace(series, increment=False)
    assert overridden(series.name, warning=limit).limits_of(whole).warning is not None


def test_an_override_needs_a_series() -> None:
    """A whole category can't be overridden by the name of a series."""
    message = "'database_queries': an override is for one series, named category.metric, or for category.*"
    with pytest.raises(FigureError, match=f"^{re.escape(message)}$"):
        overridden("database_queries", warning="1 s")


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"warning": "2 s", "critical": "1 s"}, "warning 2 s must be below critical 1 s"),
        (
            {"warning": "at least 90 %", "critical": "at least 95 %"},
            "warning at least 90 % must be above critical at least 95 %",
        ),
        ({"warning": "1 s", "critical": "90 %"}, "warning 1 s and critical 90 % are not limits of one kind"),
        (
            {"warning": "5 per hour", "critical": "9 per day"},
            "warning 5 per hour and critical 9 per day are not limits of one kind",
        ),
        ({"multiplier": 1.0}, "Input should be greater than 1"),
        ({"multiplier": None}, "multiplier: can't be taken away; leave it out to keep the default"),
        ({"dry_run": None}, "dry_run: can't be taken away; leave it out to keep the default"),
        ({"bad_evaluations": 0}, "Input should be greater than or equal to 1"),
        ({"warning": "5 ms per hour"}, "'5 ms per hour': only a count goes by time, such as 5 per hour"),
        ({"warning": "5 per week"}, "'5 per week': unknown time 'week', known are second, minute, hour, day"),
        ({"warnings": "5 ms"}, "Extra inputs are not permitted"),
    ],
)
def test_an_override_that_contradicts_itself(figures: dict[str, object], message: str) -> None:
    """Nonsense is refused when it is read, before it meets a series."""
    with pytest.raises(ValidationError) as caught:
        LimitOverride.model_validate(figures)
    assert [one["msg"].removeprefix("Value error, ") for one in caught.value.errors()] == [message]
