"""`portalwatch config`: what is wrong with it, and what it says."""

from pathlib import Path

import pytest
import yaml

from tests.monitor.cli.commands import PASSWORD, configuration, portalwatch, run_process, sql_probes

DSN = f"postgresql://u:{PASSWORD}@127.0.0.1:1/x"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A configuration with a secret in every place that may hold one."""
    return configuration(
        tmp_path,
        DSN,
        **sql_probes(DSN, a="SELECT 1"),
        public_url="http://127.0.0.1:9464",
        signing_key=f"{PASSWORD}-0123456789",
        alerts={"channels": {"slack-alerts": {"url": f"json://u:{PASSWORD}@127.0.0.1/x"}}},
    )


def test_a_good_configuration_is_said_to_be_one(good: Path) -> None:
    """0 and what it holds; channels that nobody configured are noted on standard error."""
    answer = portalwatch("config", "check", "--config", good)
    assert (answer.code, answer.out) == (0, f"{good}: 1 probes, 1 series, no mistakes\n")
    assert "tier_3_critical names channels that are not configured" in answer.err


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    """As a process: 2, file, line and key of each, nothing on standard output."""
    path = tmp_path / "portalwatch.yml"
    path.write_text("htttp: {port: 1}\nhttp:\n  port: 99999\n", encoding="utf-8")
    answer = run_process("config", "check", "--config", path)
    assert (answer.code, answer.out) == (2, "")
    assert f"{path}:1: htttp: there is no such key" in answer.err
    assert f"{path}:3: http.port: Input should be less than or equal to 65535" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"database_queries.b": {"warning": "1 s"}}, "there is no series database_queries.b; there are: database_"),
        (
            {"database_queries.a": {"warning": "80 %"}},
            "thresholds.database_queries.a.warning: database_queries.a: warning 80 %",
        ),
    ],
)
def test_an_override_that_fits_no_series_is_a_mistake(tmp_path: Path, overrides: object, said: str) -> None:
    """2: a limit that is never held against anything would be believed in."""
    path = configuration(tmp_path, DSN, **sql_probes(DSN, a="SELECT 1"), thresholds=overrides)
    answer = portalwatch("config", "check", "--config", path)
    assert answer.code == 2
    assert said in answer.err


def test_a_role_that_does_more_than_read_is_a_mistake(tmp_path: Path, empty_database: str) -> None:
    """2, with file, line and key of its URL and what to do; --offline asks no server and finds nothing."""
    path = configuration(tmp_path, DSN, **sql_probes(empty_database, a="SELECT 1"))
    line = 1 + path.read_text(encoding="utf-8").splitlines().index(f"    url: {empty_database}")
    answer = portalwatch("config", "check", "--config", path)
    assert (answer.code, answer.out) == (2, "")
    assert f"{path}:{line}: targets.db.url: portalwatch is a superuser; " in answer.err
    assert "portalwatch config grants" in answer.err
    assert portalwatch("config", "check", "--offline", "--config", path).code == 0


def test_a_target_that_does_not_answer_is_noted(good: Path) -> None:
    """0: the file is right, and what could not be looked at is said without the password."""
    answer = portalwatch("config", "check", "--config", good)
    assert "note: target db: it could not be looked at (refused): " in answer.err
    assert PASSWORD not in answer.err
    assert "target db" not in portalwatch("config", "check", "--offline", "--config", good).err


def test_a_query_that_may_not_run_is_a_mistake(tmp_path: Path) -> None:
    """2, with file, line and key, and without asking anybody."""
    path = configuration(tmp_path, DSN, **sql_probes(DSN, a="SELECT pg_notify('a', 'b')"))
    line = 1 + path.read_text(encoding="utf-8").splitlines().index("    query: SELECT pg_notify('a', 'b')")
    answer = portalwatch("config", "check", "--config", path)
    assert answer.code == 2
    assert f"{path}:{line}: probes.a.query: a probe may not use the function pg_notify" in answer.err


def test_the_script_for_the_role_is_sql_alone() -> None:
    """What is printed can be piped into psql."""
    answer = portalwatch("config", "grants")
    assert (answer.code, answer.err) == (0, "")
    assert "CREATE ROLE portalwatch_probe" in answer.out


def test_what_is_in_effect_is_shown_without_secrets(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Defaults and environment are applied, both formats say the same, and no secret is in either."""
    monkeypatch.setenv("PORTALWATCH_HTTP__PORT", "9500")
    as_json = portalwatch("config", "show", "--format", "json", "--config", good)
    as_yaml = portalwatch("config", "show", "--config", good)
    assert (as_json.code, as_yaml.code) == (0, 0)
    assert PASSWORD not in as_json.out + as_yaml.out
    assert as_json.json() == yaml.safe_load(as_yaml.out)
    assert as_json.json()["http"]["port"] == 9500
    assert as_json.json()["probes"]["a"]["query"] == "SELECT 1"


def test_the_configuration_is_found_by_variable_and_in_the_working_directory(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--config, else PORTALWATCH_CONFIG, else ./portalwatch.yml, else the embedded default."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert portalwatch("config", "check").out.startswith("the embedded default: ")
    monkeypatch.chdir(tmp_path)
    assert portalwatch("config", "check").out.startswith("portalwatch.yml: ")
    other = empty / "other.yml"
    other.write_text("environment: other\n", encoding="utf-8")
    monkeypatch.setenv("PORTALWATCH_CONFIG", str(other))
    assert portalwatch("config", "check").out.startswith(f"{other}: ")
    assert portalwatch("config", "check", "--config", good).out.startswith(f"{good}: ")


def test_the_schema_is_json_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a process, without any configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    answer = run_process("config", "schema")
    assert (answer.code, answer.err) == (0, "")
    assert answer.json()["type"] == "object"
