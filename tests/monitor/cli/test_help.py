"""What holds for every command: help with an example, and how it ends when it is used wrongly."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from monitor.cli import portalwatch as command_line
from tests.monitor.cli.commands import NOWHERE, configuration, portalwatch, run_process


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))


COMMANDS = dict(_commands(command_line))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...]) -> None:
    """--help answers 0, and its example is a call that the command line takes."""
    answer = portalwatch(*path, "--help")
    epilog = COMMANDS[path].epilog or ""
    assert (answer.code, answer.err) == (0, "")
    assert "Example: " in answer.out
    words = shlex.split(epilog.removeprefix("Example: ").rpartition(" | ")[2])
    assert words[0] == "portalwatch"
    assert tuple(words[1 : 1 + len(path)]) == path
    arguments = [one for one in words[1:] if one != ">"]
    if ">" in words:
        arguments = words[1 : words.index(">")]
    _parse(arguments)


def _parse(arguments: list[str]) -> None:
    """Raises click's UsageError where an option, a choice or an argument is none of the command's."""
    command: click.Command = command_line
    while isinstance(command, click.Group) and arguments:
        _, found, arguments = command.resolve_command(click.Context(command), arguments)
        assert found is not None
        command = found
    if not isinstance(command, click.Group):
        command.make_context("example", list(arguments))


@pytest.mark.parametrize("fault", ["none", "missing-index", "slow-endpoint", "exhausted-pool"])
def test_the_demo_takes_the_names_of_faults(fault: str) -> None:
    """As they stand in the help and in the example."""
    _parse(["demo", "--once", "--fault", fault])


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["judge", "--nonsense"], ["compare", "one"], ["compare", "a", "b", "--format", "pdf"]]
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    """With a word on standard error and nothing on standard output."""
    answer = portalwatch(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "Error: " in answer.err


def test_the_healthy_deployment_stands_alone(tmp_path: Path) -> None:
    """`--fault none` beside a fault is wrong usage, before anything is started."""
    answer = portalwatch("demo", "--fault", "none", "--fault", "slow-endpoint", "--directory", tmp_path / "demo")
    assert (answer.code, answer.out) == (2, "")
    assert not (tmp_path / "demo").exists()


def test_a_crash_does_not_look_like_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw ends with 4 and its traceback: 1 would stop a deployment that is well."""

    def crash() -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("monitor.cli.config.configuration_schema", crash)
    answer = portalwatch("config", "schema")
    assert answer.code == 4
    assert "RuntimeError: unforeseen" in answer.err


def test_the_command_says_its_version() -> None:
    """As a process."""
    answer = run_process("--version")
    assert answer.code == 0
    assert answer.out.startswith("portalwatch, version ")


def test_dashboards_are_exported(tmp_path: Path) -> None:
    """Every file that is named is there and is JSON or YAML; what is scraped is where the service listens."""
    path = configuration(tmp_path, NOWHERE, http={"port": 9500})
    answer = portalwatch("dashboards", "export", tmp_path / "grafana", "--config", path)
    files = [Path(line) for line in answer.out.splitlines()]
    assert answer.code == 0
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert json.loads(text) if file.suffix == ".json" else list(yaml.safe_load_all(text))
    assert any("127.0.0.1:9500" in file.read_text(encoding="utf-8") for file in files)


def test_a_folder_that_can_not_be_written_is_wrong_usage(tmp_path: Path) -> None:
    """A file stands where a folder has to be made."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    path = configuration(tmp_path, NOWHERE)
    answer = portalwatch("dashboards", "export", tmp_path / "file" / "grafana", "--config", path)
    assert answer.code == 2
    assert str(tmp_path / "file" / "grafana") in answer.err
