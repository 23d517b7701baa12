"""`portalwatch judge`: what a script gets back."""

import json
from pathlib import Path

import pytest

from tests.monitor.cli.commands import PATIENCE_SECONDS, portalwatch, run_process, started

BEFORE = [[10.0, 11.0] * 10] * 5


def case(current: list[list[float]], **more: object) -> str:
    """A case against the same sessions of 10 and 11 ms."""
    return json.dumps({"metric": "m", "baseline": BEFORE, "current": current, "tolerance": 1.25, **more})


WITHIN = case(BEFORE)
DEGRADED = case([[20.0, 22.0] * 10] * 5)
INCONCLUSIVE = case([])


@pytest.mark.parametrize(
    ("document", "verdict", "code"),
    [(WITHIN, "within", 0), (DEGRADED, "degraded", 1), (INCONCLUSIVE, "inconclusive", 3)],
)
def test_the_exit_code_is_that_of_the_verdict(document: str, verdict: str, code: int) -> None:
    """0, 1 and 3, with one JSON object on standard output and nothing beside it."""
    answer = portalwatch("judge", stdin=document)
    assert (answer.code, answer.json()["verdict"], answer.err) == (code, verdict, "")


def test_an_improvement_is_all_well() -> None:
    """Faster than before is no finding."""
    answer = portalwatch("judge", stdin=case([[5.0, 5.5] * 10] * 5))
    assert (answer.code, answer.json()["verdict"]) == (0, "improved")


def test_a_family_ends_as_its_worst_member() -> None:
    """A finding outweighs what is inconclusive, and that outweighs what is well."""

    def code(*cases: str) -> int:
        return portalwatch("judge", stdin=f'{{"family": [{", ".join(cases)}]}}').code

    assert [code(WITHIN, INCONCLUSIVE, DEGRADED), code(WITHIN, INCONCLUSIVE), code(WITHIN), code()] == [1, 3, 0, 0]


def test_a_file_is_judged_like_standard_input(tmp_path: Path) -> None:
    """FILE holds the case; one that is not there is wrong usage."""
    file = tmp_path / "case.json"
    file.write_text(DEGRADED, encoding="utf-8")
    assert portalwatch("judge", file).code == 1
    missing = portalwatch("judge", tmp_path / "none.json")
    assert (missing.code, missing.out) == (2, "")
    assert "none.json" in missing.err


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "this is no JSON"),
        ("{", "this is no JSON"),
        (case([], tolerence=1), "tolerence"),
        (case([], tolerance=25), "tolerance: Input should be less than or equal to 10"),
    ],
)
def test_what_is_no_case_is_wrong_usage(document: str, said: str) -> None:
    """2, nothing on standard output, and one line that says what is wrong and where it came from."""
    answer = portalwatch("judge", stdin=document)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("portalwatch: <stdin>: ")
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_a_stream_is_answered_while_it_comes() -> None:
    """As a process: each line is answered before the next is sent, whatever the verdicts, and the end is 0."""
    with started("judge", "--stream") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        verdicts = []
        for line in (DEGRADED, INCONCLUSIVE, "no JSON", WITHIN):
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            verdicts.append(answer.get("verdict", "error" if "error" in answer else None))
        rest, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert verdicts == ["degraded", "inconclusive", "error", "within"]
    assert (process.returncode, rest, err) == (0, "", "")


def test_judge_needs_neither_store_nor_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a process, in a folder whose configuration is broken, it judges all the same."""
    (tmp_path / "portalwatch.yml").write_text("store: [", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTALWATCH_NONSENSE", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    assert run_process("judge", stdin=WITHIN).code == 0
