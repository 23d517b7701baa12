"""One file, and every mistake in it named with its line."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from monitor.configuration import load_configuration
from monitor.errors import ConfigurationError, ExitCode
from monitor.tiers import untold_tiers
from probes import load_probe_kinds
from thresholds import load_routing

ROOT = Path(__file__).parents[2]

GOOD = """\
environment: test
store: {url: "${STORE_URL}"}
targets:
  db: {kind: postgresql, url: "postgresql://u:geheim@127.0.0.1/x"}
probes:
  a: {kind: sql, target: db, category: database_queries, query: SELECT 1}
"""


def written(tmp_path: Path, text: str) -> Path:
    """A configuration file with that text."""
    path = tmp_path / "portalwatch.yml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(tmp_path: Path, text: str, **environment: str) -> list[str]:
    """What is said of a wrong file, without its path."""
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(path, environment)
    assert caught.value.exit_code is ExitCode.USAGE
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    """Variables are resolved, secrets are secrets, defaults are filled in."""
    settings = load_configuration(written(tmp_path, GOOD), {"STORE_URL": "postgresql://s/x"}).settings
    assert settings.store.url == SecretStr("postgresql://s/x")
    assert settings.probes["a"].interval_seconds == 30
    assert settings.http.port == 9464
    assert "geheim" not in repr(settings)


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    """Unknown keys, wrong values, missing keys, unknown targets: one line each, in the order of the file."""
    text = """\
environment: test
htttp: {port: 1}
http:
  port: 99999
targets:
  db: {kind: postgresql, url: "mysql://u:geheim@x"}
probes:
  a:
    kind: sql
    target: db
    category: database_queries
    querry: SELECT 1
  b: {kind: sqll, category: x}
"""
    assert mistakes(tmp_path, text) == [
        "2: htttp: there is no such key",
        "4: http.port: Input should be less than or equal to 65535",
        "6: targets.db.url: the URL of a database starts with postgresql://",
        "8: probes.a.query: this key is missing",
        "12: probes.a.querry: there is no such key",
        f"13: probes.b.kind: the kind of a probe is one of: {', '.join(sorted(load_probe_kinds()))}",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("environment: [", ["1: no valid YAML: expected the node content, but found '<stream end>'"]),
        ("- a\n- b\n", ["1: a configuration is a mapping of keys to values"]),
        ("environment: a\nrelease: b\nenvironment: c\n", ["3: environment: this key stands twice"]),
        ("release: ${NOT_SET}\n", ["1: release: the environment variable NOT_SET is not set"]),
        (
            "http: {host: 0.0.0.0}\n",
            [
                "1: http: listening on 0.0.0.0 lets others in: set require_operator_token to true "
                "and make a token with `portalwatch token create`"
            ],
        ),
        (
            "probes:\n  a: {kind: sql, target: nowhere, category: q, query: SELECT 1}\n",
            ["2: probes.a.target: there is no target of that name; there are: none"],
        ),
        (
            "public_url: https://watch.example.com\n",
            [
                "the environment: public_url lets people in at watch.example.com: set http.require_operator_token to "
                "true and make a token with `portalwatch token create`"
            ],
        ),
        ("release: 2024-13-45\n", ["1: release: month must be in 1..12"]),
        ("release: !secret x\n", ["1: release: could not determine a constructor for the tag '!secret'"]),
        ("signing_key: short\n", ["1: signing_key: Value should have at least 16 items after validation, not 5"]),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, text: str, expected: list[str]) -> None:
    """One mistake a file, with its exact message."""
    assert mistakes(tmp_path, text) == expected


def test_no_mistake_shows_a_secret(tmp_path: Path) -> None:
    """A URL that is refused is not printed: it holds a password."""
    text = 'targets:\n  db: {kind: postgresql, url: "postgres:/u:geheim@x", nonsense: geheim}\n'
    assert "geheim" not in "\n".join(mistakes(tmp_path, text))


def test_secrets_may_stand_in_files(tmp_path: Path) -> None:
    """`url_file` beside the configuration is read and trimmed; one that is not there is told with its line."""
    (tmp_path / "store-url").write_text("postgresql://s/y\n", encoding="utf-8")
    settings = load_configuration(written(tmp_path, "store:\n  url_file: store-url\n"), {}).settings
    assert settings.store.url == SecretStr("postgresql://s/y")
    path = tmp_path / "missing"
    assert mistakes(tmp_path, "store:\n  url_file: missing\n") == [
        f"2: store.url_file: {path} can't be read: No such file or directory"
    ]


def test_a_secret_is_given_once(tmp_path: Path) -> None:
    """`url` and `url_file` together are a mistake."""
    (tmp_path / "f").write_text("postgresql://s/y", encoding="utf-8")
    assert mistakes(tmp_path, "store:\n  url: postgresql://s/x\n  url_file: f\n") == [
        "3: store.url: this key stands twice"
    ]


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PORTALWATCH_HTTP__PORT sets http.port, and leaves the rest of http as the file has it."""
    monkeypatch.setenv("PORTALWATCH_HTTP__PORT", "9500")
    path = written(tmp_path, "http: {port: 9400, host: 127.0.0.2}\n")
    http = load_configuration(path, {"PORTALWATCH_HTTP__PORT": "9500"}).settings.http
    assert (http.port, http.host) == (9500, "127.0.0.2")


def test_an_unknown_variable_of_ours_is_a_mistake(tmp_path: Path) -> None:
    """A mistyped name would be ignored silently otherwise; a name that the file refers to is known."""
    path = written(tmp_path, "release: ${PORTALWATCH_RELEASE_NAME}\n")
    load_configuration(path, {"PORTALWATCH_RELEASE_NAME": "v1", "PORTALWATCH_CONFIG": str(path)})
    told = mistakes(tmp_path, "release: x\n", PORTALWATCH_HTP__PORT="1")
    assert told == [
        "the environment: PORTALWATCH_HTP__PORT: there is no such setting; unset the variable or correct its name"
    ]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A path that was named must exist."""
    with pytest.raises(ConfigurationError, match="can't be read: No such file"):
        load_configuration(tmp_path / "nothing.yml", {})


def test_without_a_file_the_embedded_default_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing configured: an embedded store, this host's figures, nothing else."""
    monkeypatch.chdir(tmp_path)
    configuration = load_configuration(None, {})
    assert configuration.path is None
    assert configuration.settings.store.url is None
    assert list(configuration.settings.probes) == ["host"]


def test_the_hash_says_whether_two_captures_were_configured_alike(tmp_path: Path) -> None:
    """A changed query changes it; a changed port does not."""

    def digest(text: str) -> str:
        return load_configuration(written(tmp_path, text), {"STORE_URL": "postgresql://s/x"}).hash

    assert digest(GOOD) == digest(GOOD + "http: {port: 9999}\n")
    assert digest(GOOD) != digest(GOOD.replace("SELECT 1", "SELECT 2"))


def test_the_customers_file_is_complete() -> None:
    """portalwatch.yml in the root is valid once its variables are set, and configures every channel of every tier."""
    text = (ROOT / "portalwatch.yml").read_text(encoding="utf-8")
    channels = ["SLACK_MONITORING", "SLACK_ALERTS", "SLACK_CRITICAL", "EMAIL_OPS", "SMS_ON_CALL"]
    channels += ["PHONE_ESCALATION", "EMAIL_EXECUTIVES", "DEPLOYMENT_TEAM", "IT_MANAGEMENT"]
    variables = {f"WATCH_{name}": "json://127.0.0.1:9/x" for name in channels}
    variables |= {
        "WATCH_SIGNING_KEY": "0123456789abcdef",
        "WATCH_HEARTBEAT_URL": "http://127.0.0.1:9/alive",
        "WATCH_STORE_URL": "postgresql://s/x",
        "PORTAL_DATABASE_URL": "postgresql://p/x",
        "PORTAL_PROBE_USER": "u",
        "PORTAL_PROBE_PASSWORD": "p",
    }
    assert all(name in text for name in variables)
    settings = load_configuration(ROOT / "portalwatch.yml", variables).settings
    assert untold_tiers(settings.alerts, load_routing()) == {}
