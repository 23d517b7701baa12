"""What is kept while the store is away."""

from pathlib import Path

from monitor.spool import Spool
from tests.monitor.test_link import measured


def test_what_was_spooled_comes_back_once(tmp_path: Path) -> None:
    """Everything appended is taken in order, also by a later process, and gone after `clear`."""
    Spool(tmp_path / "spool.jsonl").append([measured(1), measured(2)])
    spool = Spool(tmp_path / "spool.jsonl")
    assert spool.take() == [measured(1), measured(2)]
    spool.clear()
    assert spool.take() == []
    assert spool.size_bytes == 0


def test_what_comes_while_the_rest_is_being_written_is_not_lost(tmp_path: Path) -> None:
    """An append between `take` and `clear` is there at the next `take`."""
    spool = Spool(tmp_path / "spool.jsonl")
    spool.append([measured(1)])
    assert spool.take() == [measured(1)]
    spool.append([measured(2)])
    spool.clear()
    assert spool.take() == [measured(2)]


def test_what_could_not_be_written_is_taken_again(tmp_path: Path) -> None:
    """Without `clear`, because the store went away again, the same is taken once more."""
    spool = Spool(tmp_path / "spool.jsonl")
    spool.append([measured(1)])
    spool.take()
    assert Spool(tmp_path / "spool.jsonl").take() == [measured(1)]


def test_a_full_spool_says_so(tmp_path: Path) -> None:
    """Beyond its limit nothing is written, and the caller is told so that it can count."""
    spool = Spool(tmp_path / "spool.jsonl", limit_bytes=300)
    assert spool.append([measured(1)])
    assert not spool.append([measured(number) for number in range(10)])
    assert spool.take() == [measured(1)]


def test_a_torn_line_is_left_out(tmp_path: Path) -> None:
    """A crash in the middle of a line loses that line only."""
    path = tmp_path / "spool.jsonl"
    spool = Spool(path)
    spool.append([measured(1)])
    with path.open("ab") as file:
        file.write(b'["q.a", 1')
    assert spool.take() == [measured(1)]
