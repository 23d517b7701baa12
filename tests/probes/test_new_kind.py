"""How a new kind comes in: the very code of the page "Write a probe", laid into the folder."""

import asyncio
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from baselines.measurement import Measurement, Outcome, Reason
from probes import kinds
from tests.probes.scripted import own_kinds
from tests.probes.watched import look, watched, with_probes

PAGE = Path(__file__).parents[2] / "docs" / "probes.md"


def code_of_the_page() -> str:
    """The one block of Python in the section."""
    _, _, section = PAGE.read_text(encoding="utf-8").partition("\n## Write a probe\n")
    (code,) = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return str(code)


@pytest.fixture
def _laid_into_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page's file among the kinds; forgotten afterwards."""
    (tmp_path / "tcp.py").write_text(code_of_the_page(), encoding="utf-8")
    with own_kinds():
        monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
        yield
    sys.modules.pop("probes.kinds.tcp", None)


def reach(port: int) -> Measurement:
    """One run of the new kind against that port of loopback."""
    entry = {"kind": "tcp", "category": "tests", "host": "127.0.0.1", "port": port}
    return asyncio.run(with_probes(watched({}, {"probe": entry}), look))


@pytest.mark.usefixtures("_laid_into_the_folder")
def test_a_new_kind_is_one_new_file() -> None:
    """It is found, validated by its own model, run, and fails with its own reason; nothing else is edited."""
    with socket.socket() as target:
        target.bind(("127.0.0.1", 0))
        port = target.getsockname()[1]
        refused = reach(port)
        target.listen()
        measured = reach(port)
    assert (measured.series, measured.outcome) == ("tests.probe", Outcome.OK)
    assert (refused.outcome, refused.reason, refused.detail) == (Outcome.ERROR, Reason.REFUSED, "nobody listens")
    with pytest.raises(ValidationError, match="less than or equal to 65535"):
        reach(70_000)
