"""What stands on what: what is away with a target, what is muted behind it, and which probe says so."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

from monitor.alerting import alert_policy
from monitor.comparing import Figures
from monitor.configuration import load_configuration
from monitor.dependencies import confirming_probes, foundations, names_of_places
from monitor.settings import Settings
from probes import series_of
from tests.monitor.cli.commands import configuration
from thresholds import load_routing

ROUTING = load_routing()


def web(place: str, *depends_on: str) -> dict[str, object]:
    """A target at a name."""
    return {"kind": "http", "url": f"http://{place}", "depends_on": list(depends_on)}


def database(place: str, *depends_on: str) -> dict[str, object]:
    """A target that is a database."""
    return {"kind": "postgresql", "url": f"postgresql://u:geheim@{place}/x", "depends_on": list(depends_on)}


def ask(target: str, category: str = "api_endpoints") -> dict[str, object]:
    """A probe of a web target."""
    return {"kind": "http", "target": target, "category": category, "path": "/health"}


def query(target: str, category: str = "database_queries") -> dict[str, object]:
    """A probe of a database."""
    return {"kind": "sql", "target": target, "category": category, "query": "SELECT 1"}


def watching(targets: Mapping[str, object], probes: Mapping[str, object] | None = None) -> Settings:
    """Settings with these targets and probes."""
    return Settings.model_validate({"targets": targets, "probes": probes or {}})


def test_targets_in_one_place_are_one() -> None:
    """The same address under two names is away together and has the first name; another port is another place."""
    settings = watching(
        {
            "portal": web("portal.example"),
            "anonymous": web("portal.example:80"),
            "deeper": web("portal.example/api"),
            "secure": {"kind": "http", "url": "https://portal.example"},
            "db": database("db.example"),
            "other": database("other.example"),
        }
    )
    assert names_of_places(settings) == {
        "portal": "portal",
        "anonymous": "portal",
        "deeper": "portal",
        "secure": "secure",
        "db": "db",
        "other": "other",
    }


def stands(targets: Mapping[str, object]) -> dict[str, set[str]]:
    """What each place stands on."""
    settings = watching(targets)
    return {name: set(below) for name, below in foundations(settings, names_of_places(settings)).items()}


def test_what_stands_on_a_chain_stands_on_all_of_it() -> None:
    """Directly and indirectly, whichever way it is written down; what is below knows nothing of what is above."""
    chain = {"a": web("a", "b"), "b": web("b", "c", "d"), "c": database("c", "e"), "d": web("d"), "e": database("e")}
    below = {"a": {"b", "c", "d", "e"}, "b": {"c", "d", "e"}, "c": {"e"}, "d": set(), "e": set()}
    assert stands(chain) == below
    assert stands(dict(reversed(chain.items()))) == below


def test_what_is_reached_by_two_ways_counts_once() -> None:
    """Two services on one database, and one on both of them, beside a short way to it."""
    diamond = {"a": web("a", "b", "c", "d"), "b": web("b", "d"), "c": web("c", "b"), "d": database("d", "e")}
    assert stands({**diamond, "e": web("e")})["a"] == {"b", "c", "d", "e"}


def test_a_circle_has_an_end() -> None:
    """Two that need each other each stand on the other, never on themselves; a third one on both."""
    circle = {"a": web("a", "b"), "b": web("b", "c"), "c": web("c", "a"), "d": web("d", "a")}
    assert stands(circle) == {"a": {"b", "c"}, "b": {"a", "c"}, "c": {"a", "b"}, "d": {"a", "b", "c"}}


def test_names_of_one_place_stand_on_the_same() -> None:
    """Whichever of them says so; a name that depends on another of its own place stands on nothing for that."""
    targets = {
        "portal": web("portal.example"),
        "anonymous": web("portal.example", "db", "portal"),
        "reader": database("db.example", "host"),
        "db": database("db.example"),
        "host": web("host.example"),
    }
    assert stands(targets) == {"portal": {"reader", "host"}, "reader": {"host"}, "host": set()}


def test_every_probe_has_those_that_say_whether_its_target_is_away() -> None:
    """Those of its own place under any name, then those of what it stands on; no probe confirms itself, and only what
    says that a whole target is away confirms anything.
    """
    settings = watching(
        {
            "portal": web("portal.example", "db"),
            "anonymous": web("portal.example"),
            "db": database("db.example"),
            "elsewhere": web("elsewhere.example"),
        },
        {
            "there": ask("anonymous", "reachability"),
            "database": query("db", "reachability"),
            "clients": ask("portal"),
            "login": ask("anonymous"),
            "slow": query("db"),
            "alone": ask("elsewhere"),
            "host": {"kind": "host", "category": "system_resources"},
        },
    )
    assert confirming_probes(settings, ROUTING) == {
        "there": ["database"],
        "database": [],
        "clients": ["there", "database"],
        "login": ["there", "database"],
        "slow": ["database"],
        "alone": [],
    }


def test_a_probe_with_a_route_of_its_own_confirms_by_that() -> None:
    """Whatever its category: what counts is where its failure goes."""
    settings = watching(
        {"portal": web("portal.example")},
        {
            "there": {**ask("portal"), "route": "system_unavailable"},
            "quiet": {**ask("portal", "reachability"), "route": "host"},
            "clients": ask("portal"),
        },
    )
    assert confirming_probes(settings, ROUTING) == {"there": [], "quiet": ["there"], "clients": ["there"]}


def test_nothing_shows_where_a_target_is() -> None:
    """A place holds the password of a database; what comes of it are names."""
    settings = watching({"db": database("db.example"), "web": web("w", "db")}, {"a": query("db"), "b": ask("web")})
    names = names_of_places(settings)
    shown = repr((names, foundations(settings, names), confirming_probes(settings, ROUTING)))
    assert "geheim" not in shown
    assert "example" not in shown


def test_alerts_are_decided_by_places(tmp_path: Path) -> None:
    """The series of every probe have the place of their target; those of the host have none."""
    targets = {"portal": web("portal.example", "db"), "anonymous": web("portal.example"), "db": database("db.example")}
    probes = {
        "clients": ask("portal"),
        "there": ask("anonymous", "reachability"),
        "slow": query("db"),
        "host": {"kind": "host", "category": "system_resources"},
    }
    loaded = load_configuration(configuration(tmp_path, "postgresql://s/x", targets=targets, probes=probes), {})
    series = series_of(loaded.settings.probes)
    policy = alert_policy(loaded.settings, Figures.load(loaded, series), series)
    found = {one.category: policy.target_of(one.name) for one in series.values()}
    assert found == {
        "api_endpoints": "portal",
        "reachability": "portal",
        "database_queries": "db",
        "system_resources": None,
    }
    assert policy.target_of("nobody.measures_it") is None
    assert {name: set(below) for name, below in policy.stands_on.items()} == {"portal": {"db"}, "db": set()}


def test_foundations_are_what_can_be_reached() -> None:
    """Against the obvious slow way, on dependencies at random, circles too."""
    random = Random(1)
    for size in (2, 3, 5, 7) * 10:
        names = [f"t{number}" for number in range(size)]
        direct = {name: [one for one in names if one != name and random.random() < 0.3] for name in names}
        reached = {name: set(direct[name]) for name in names}
        for _ in names:
            reached = {name: below.union(*(direct[one] for one in below)) for name, below in reached.items()}
        expected = {name: below - {name} for name, below in reached.items()}
        assert stands({name: web(name, *direct[name]) for name in names}) == expected, direct
