"""A suggested configuration as a file for people: targets without their secrets, probes with their reasons."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import yaml
from pydantic import BaseModel, SecretStr

from probes import HttpTarget, PostgresTarget
from probes.workload.suggestion import LeftOut, Suggested

_HEAD = """\
# Suggested by `portalwatch probe suggest`: look at it before it is used, every probe was tried once.
# Names in ${...} are variables of the environment that hold what must not stand in a file.
"""
_LONGEST_LINE = 110


def render(
    targets: Mapping[str, PostgresTarget | HttpTarget],
    suggested: Sequence[Suggested],
    left_out: Mapping[str, Sequence[LeftOut]],
) -> str:
    """The file's text. `left_out` is by target; shares are parts of its execution time or its requests."""
    parts = [_HEAD, "targets:"]
    parts += [_entry(name, _plain(one, name)) for name, one in targets.items()]
    parts += ["", "probes:"]
    parts += [_comment(one) + _entry(one.name, one.entry) for one in suggested]
    for target, several in left_out.items():
        parts += ["", f"# Left out of {target}:"]
        parts += [f"#   {_share(one.share)}{_shortened(one.what)}: {one.reason}" for one in several]
    return "\n".join(parts) + "\n"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}: "


def _comment(one: Suggested) -> str:
    whole = "requests" if one.entry["kind"] == "http" else "execution time"
    said = [] if one.share is None else [f"{one.share:.1%} of the {whole}"]
    said += [one.note] if one.note else []
    return f"  # {', '.join(said)}\n" if said else ""


def _entry(name: str, content: object) -> str:
    dumped = yaml.dump({name: content}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_LONGEST_LINE - 4)
    return textwrap.indent(dumped.rstrip(), "  ")


def _plain(value: object, place: str) -> object:
    """A target's settings as YAML says them, with a variable in the place of each secret."""
    if isinstance(value, SecretStr):
        return f"${{{re.sub(r'[^A-Z0-9]+', '_', place.upper())}}}"
    if isinstance(value, BaseModel):
        kept = {name: getattr(value, name) for name in type(value).model_fields if name in value.model_fields_set}
        return {name: _plain(one, f"{place}_{name}") for name, one in kept.items()}
    if isinstance(value, Mapping):
        return {str(name): _plain(one, f"{place}_{name}") for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, f"{place}_{number}") for number, one in enumerate(value, start=1)]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value).rstrip("/") if not isinstance(value, PurePath) else str(value)


def _shortened(text: str) -> str:
    """One line of a statement, its beginning."""
    return textwrap.shorten(" ".join(text.split()), 80, placeholder=" …")


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks; lists within lists on one line each."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else ">" if len(text) > _LONGEST_LINE // 2 and " " in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_list(dumper: yaml.SafeDumper, several: list[Any]) -> yaml.SequenceNode:
    flat = all(not isinstance(one, dict) for one in several)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", several, flow_style=flat)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)
