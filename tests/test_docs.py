"""The documentation says what is there: every command, setting and metric, links that lead somewhere, true examples."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from pydantic import BaseModel

from alerts import ChannelSettings
from baselines.case import Look
from baselines.location import LOW_BAND
from baselines.tail import FASTER_BAND, TAIL_DOUBT, TAIL_ERROR_SHARE, TAIL_NULL_EXPONENT, UPPER_BAND
from baselines.typical import IMPROVED_BELOW, NULL_EXPONENT, WITHIN_MARGIN
from dashboards.metrics import CATALOGUE, Metric
from monitor.cli import portalwatch
from monitor.errors import ExitCode
from monitor.load.settings import LoadSettings, ScenarioSettings
from monitor.settings import (
    CaptureSettings,
    ChecksSettings,
    ErrorsSettings,
    EvaluationSettings,
    HttpSettings,
    IngestSettings,
    LinksSettings,
    LogSettings,
    Settings,
    StoreSettings,
)
from probes import load_probe_kinds
from thresholds import LimitOverride, RollbackOverride
from thresholds.rollback import CoreRowOverride

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md")))
# Every command has it, so it is described once.
COMMON_OPTIONS = {"--config", "--help"}

# The models behind portalwatch.yml, and what stands before their keys in the page.
SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("", Settings),
    ("store.", StoreSettings),
    ("http.", HttpSettings),
    ("log.", LogSettings),
    ("evaluation.", EvaluationSettings),
    ("capture.", CaptureSettings),
    ("checks.", ChecksSettings),
    ("ingest.", IngestSettings),
    ("errors.", ErrorsSettings),
    ("links.", LinksSettings),
    ("", LimitOverride),
    ("rollback.", RollbackOverride),
    ("", CoreRowOverride),
    ("", ChannelSettings),
    ("load.", LoadSettings),
    ("", ScenarioSettings),
)


def read(page: Path) -> str:
    """The text of a page."""
    return page.read_text(encoding="utf-8")


def heading(command: tuple[str, ...]) -> str:
    """The heading a command has in the page of commands: `## check`, `### baseline capture`."""
    return f"{'#' * (len(command) + 1)} {' '.join(command)}"


def commands(
    group: click.Group = portalwatch, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))
        else:
            yield (*above, name), command


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next one of its level or above; empty where there is none."""
    level = len(title) - len(title.lstrip("#"))
    found = re.search(rf"^{re.escape(title)}$(.*?)(?=^#{{1,{level}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def table_keys(text: str) -> set[str]:
    """What stands in the first cells of the tables."""
    return set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))


def without_code(text: str) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The names that links can give to the headings of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", without_code(read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def examples(page: Path) -> Iterator[list[str]]:
    """The words after `portalwatch` of each command line in a fenced block, with or without a prompt."""
    for block in re.findall(r"^```\w*\n(.*?)^```$", read(page), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            called = re.search(r"^(?:\$ .*?\|\s*|\$ )?portalwatch (?P<words>[^:#;>|]*)", line)
            if called and not line.startswith("portalwatch:"):
                yield shlex.split(called["words"])


def accept(words: list[str], command: click.Command = portalwatch) -> None:
    """Parse the words as the command line does, and call nothing. Raises click.ClickException."""
    if isinstance(command, click.Group) and words and not words[0].startswith("-"):
        _, below, rest = command.resolve_command(click.Context(command), words)
        assert below is not None
        accept(rest, below)
    else:
        command.make_context("portalwatch", list(words))


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda one: one.name)
def test_every_metric_is_described(metric: Metric) -> None:
    """Each metric of the catalogue has its line, with its kind and its labels."""
    line = next(
        (line for line in read(DOCS / "metrics.md").splitlines() if line.startswith(f"| `{metric.name}` |")), ""
    )
    assert f"| {metric.kind} |" in line
    assert all(f"`{label}`" in line for label in metric.labels)


def test_no_metric_is_described_that_is_not_exported() -> None:
    """What the page calls a metric is in the catalogue."""
    named = set(re.findall(r"`(portalwatch_\w+)`", read(DOCS / "metrics.md")))
    assert named == {one.name for one in CATALOGUE}


@pytest.mark.parametrize(
    ("words", "command"), list(commands()), ids=lambda one: "-".join(one) if isinstance(one, tuple) else ""
)
def test_every_command_is_described_with_its_options(words: tuple[str, ...], command: click.Command) -> None:
    """Each command has its section, with every option, every value to choose from, and an example that calls it."""
    page = read(DOCS / "commands.md")
    text = section(page, heading(words))
    assert f"portalwatch {' '.join(words)}" in section(page, f"## {words[0]}")
    for option in (one for one in command.params if isinstance(one, click.Option)):
        for name in {*option.opts, *option.secondary_opts} - COMMON_OPTIONS:
            assert f"`{name}`" in text or f"`{name} " in text, f"{' '.join(words)}: {name} is not described"
        if isinstance(option.type, click.Choice) and option.name != "output_format":
            missing = [one for one in option.type.choices if f"`{one}`" not in text]
            assert not missing, f"{' '.join(words)} {option.opts[0]}: {missing} are not described"


def test_no_command_is_described_that_is_not_there() -> None:
    """The sections of the page are the commands and their groups."""
    known = {words[:length] for words, _ in commands() for length in range(1, len(words) + 1)}
    titles = re.findall(r"^(?:##|###) ([a-z][a-z -]*)$", read(DOCS / "commands.md"), re.MULTILINE)
    assert {tuple(title.split()) for title in titles} == known


@pytest.mark.parametrize("page", ["README.md", "docs/commands.md"])
def test_every_exit_code_is_described(page: str) -> None:
    """Scripts rely on them: both pages have every code, with one wording."""
    meanings = [re.search(rf"^\| {code.value} \| (.+) \|$", read(ROOT / page), re.MULTILINE) for code in ExitCode]
    assert all(meanings)
    same = [re.search(rf"^\| {code.value} \| ([^,:|]+)", read(DOCS / "commands.md"), re.MULTILINE) for code in ExitCode]
    for found, other in zip(meanings, same, strict=True):
        assert found is not None
        assert other is not None
        assert found[1].startswith(other[1].strip())


@pytest.mark.parametrize(("prefix", "model"), SECTIONS, ids=lambda one: one.__name__ if isinstance(one, type) else None)
def test_every_setting_is_described(prefix: str, model: type[BaseModel]) -> None:
    """Each key of portalwatch.yml has its line; those of targets and probes have theirs in docs/probes.md."""
    keys = {prefix + (field.alias or name) for name, field in model.model_fields.items()}
    missing = keys - table_keys(read(DOCS / "configuration.md"))
    assert not missing


def test_every_kind_of_probe_is_listed() -> None:
    """The page of the configuration names each kind and leads to its section."""
    page = section(read(DOCS / "configuration.md"), "## probes")
    assert set(re.findall(r"^\| \[`(\w+)`\]", page, re.MULTILINE)) == set(load_probe_kinds())


def test_no_general_setting_is_described_that_is_not_there() -> None:
    """A key with a section in its name is one of that section."""
    prefixes = tuple(prefix for prefix, _ in SECTIONS if prefix)
    named = {key for key in table_keys(read(DOCS / "configuration.md")) if key.startswith(prefixes)}
    assert named == {prefix + key for prefix, model in SECTIONS if prefix for key in model.model_fields}


def test_each_statement_on_alerts_names_the_tests_that_prove_it() -> None:
    """All twenty are there; every test that is named after one is named in its row, and each that is named exists."""
    table = section(read(DOCS / "alerting.md"), "## What is proved")
    rows = dict(re.findall(r"^\| (\d+) \|(.*)$", table, re.MULTILINE))
    assert list(map(int, rows)) == list(range(1, 21))
    files = (ROOT / "tests").rglob("test_*.py")
    there = [name for file in files for name in re.findall(r"def (test_statement_\d\d_\w+)", read(file))]
    for number, row in rows.items():
        named = set(re.findall(r"test_statement_\w+", row))
        assert named, f"statement {number} names no test"
        assert named == {name for name in there if name.startswith(f"test_statement_{int(number):02}_")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file or folder of the repository, and a heading that it has."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(read(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.is_relative_to(ROOT), f"{target} leaves the repository"
        assert there.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(there), f"{target}: there is no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_are_accepted(page: Path) -> None:
    """Each command line in a page is one that the command line takes: no option or value that it does not know."""
    for words in examples(page):
        try:
            accept(words)
        except click.exceptions.Exit:  # --help and --version end the parsing
            continue
        except click.ClickException as error:
            pytest.fail(f"portalwatch {shlex.join(words)}: {error.format_message()}")


def test_examples_are_found() -> None:
    """The test above has something to look at, in the pages that show how to use it."""
    assert min(len(list(examples(page))) for page in (ROOT / "README.md", DOCS / "commands.md")) >= 8


def test_judging_states_the_figures_of_the_code() -> None:
    """The figures on the page are those that the verdict is made with."""
    text = " ".join(read(DOCS / "judging.md").split())
    first, second, last = (f"{look.error:g}" for look in (Look.FIRST, Look.SECOND, Look.LAST))
    low, high = (f"{share * 100:.0f}th" for share in LOW_BAND)
    faster = "the {:.0f}th and the {:.0f}th percentile".format(*(100 * share for share in FASTER_BAND))
    slower = "({:.0f}th to {:.0f}th percentile)".format(*(100 * share for share in UPPER_BAND))
    for figure in (
        f"m^{NULL_EXPONENT:g} ({1.25**NULL_EXPONENT:.2f} for 1.25) is below {Look.ONLY.error:g}",
        f"{WITHIN_MARGIN:g} m",
        f"below {IMPROVED_BELOW:g}",
        f"{first}, {second} and {last}",
        f"between the {low} and the {high} percentile",
        f"between {faster}",
        slower,
        f"m^{TAIL_NULL_EXPONENT:g} ({1.25**TAIL_NULL_EXPONENT:.2f} for 1.25)",
        f"the typical question: {Look.ONLY.error * TAIL_ERROR_SHARE:g}",
        f"over m is below {TAIL_DOUBT:g}",
    ):
        assert figure in text, figure


def test_pictures_are_small_and_shown() -> None:
    """A repository is no photo album: each is a PNG of less than 250 kB that a page shows."""
    pages = "".join(read(page) for page in PAGES)
    pictures = sorted((DOCS / "pictures").iterdir())
    assert pictures
    for picture in pictures:
        content = picture.read_bytes()
        assert content.startswith(b"\x89PNG"), picture.name
        assert len(content) < 250_000, picture.name
        assert f"pictures/{picture.name})" in pages, f"{picture.name} is shown nowhere"
