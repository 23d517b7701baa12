"""docs/instrumentation.md says what is there."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from monitor import instrument
from monitor.instrumentation import InstrumentationSettings, SqlComments

PAGE = (Path(__file__).parents[3] / "docs" / "instrumentation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", InstrumentationSettings.model_fields)
def test_every_setting_is_described_with_its_default(name: str) -> None:
    """In the table, where None is written as a word."""
    default = InstrumentationSettings.model_fields[name].default
    found = re.search(rf"^\| `{name}` \| `?([^|`]+)`? \|", PAGE, re.MULTILINE)
    assert found is not None
    words: dict[object, str] = {None: "none", True: "true"}
    said = f"{default:g}" if isinstance(default, float) else words.get(default, str(default))
    assert found[1].strip() == said


def test_every_comment_setting_is_named() -> None:
    """With the price of the dearest."""
    assert all(f"`{one}`" in PAGE for one in SqlComments)


def test_every_figure_is_described() -> None:
    """With its kind; none is described that is not there."""
    registry = CollectorRegistry()
    instrument(FastAPI(), registry=registry)
    there = {
        f"{family.name}_total" if family.type == "counter" else family.name: family.type
        for family in registry.collect()
    }
    described = dict(re.findall(r"^\| `((?:http|db|websocket|error)_\w+)` \| (\w+) \|", PAGE, re.MULTILINE))
    assert described == there
