"""One invalid file a mistake: its leading comment is the message it must be refused with."""

from itertools import takewhile
from pathlib import Path
from typing import Final

import pytest
from pydantic import BaseModel

from thresholds import FigureError, Grades, RollbackMatrix, Routing, Schedule, Targets, ThresholdMatrix
from thresholds.load import LoadFigures
from thresholds.shipped import parse_figures

MODELS: Final[dict[str, type[BaseModel]]] = {
    "matrix": ThresholdMatrix,
    "routing": Routing,
    "rollback": RollbackMatrix,
    "schedule": Schedule,
    "targets": Targets,
    "grades": Grades,
    "load": LoadFigures,
}
FILES: Final = sorted((Path(__file__).parent / "invalid").glob("*.yml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_invalid_figures(file: Path) -> None:
    """A file with a mistake is refused with the file, the place and what is wrong, in the words it begins with."""
    lines = file.read_text(encoding="utf-8").splitlines()
    message = [line.removeprefix("# ") for line in takewhile(lambda line: line.startswith("# "), lines)]
    kind = file.stem.partition("_")[0]
    with pytest.raises(FigureError) as caught:
        parse_figures(MODELS[kind], "\n".join(lines), f"{kind}.yml")
    assert str(caught.value).splitlines() == message


def test_there_are_such_files() -> None:
    """Every kind of table has its mistakes."""
    assert {file.stem.partition("_")[0] for file in FILES} == set(MODELS)
