"""`portalwatch baseline export`, `import` and `delete`: whole or not at all."""

from pathlib import Path

import asyncpg
import pytest

from baselines import Approval
from baselines.postgres import PostgresBaselines
from tests.baselines.made import baseline
from tests.clocks import START
from tests.monitor.cli.commands import configuration, portalwatch, run_process
from tests.monitor.cli.stored import SERIES, in_store, made, names_in, save


@pytest.fixture
def here(store: str, tmp_path: Path) -> Path:
    """The configuration of a store with an active baseline `pre`, extended by another session, and `post`."""

    async def fill(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        await kept.save(made("pre", 40))
        await kept.save(made("pre+1", 41, sessions=1), extends="pre")
        await kept.save(made("post", 40))
        await kept.approve("pre", Approval(by="ann", at=START))

    in_store(store, fill)
    (tmp_path / "here").mkdir()
    return configuration(tmp_path / "here", store)


@pytest.fixture
def there(empty_database: str, tmp_path: Path) -> Path:
    """The configuration of another store, which is empty."""
    (tmp_path / "there").mkdir()
    return configuration(tmp_path / "there", empty_database)


def test_a_baseline_moves_to_another_store(here: Path, there: Path, tmp_path: Path) -> None:
    """With all its sessions and its approval, shown there as here; it is active there once it is approved there."""
    file = tmp_path / "pre.json.gz"
    exported = portalwatch("baseline", "export", "pre", file, "--config", here)
    assert (exported.code, exported.err) == (0, "")
    imported = portalwatch("baseline", "import", file, "--config", there)
    assert imported.code == 0
    assert imported.out.startswith("pre: 1 series, 6 sessions, v1, environment test; approve it")
    shown = [
        portalwatch("baseline", "show", "pre", "--format", "json", "--config", one).json() for one in (here, there)
    ]
    assert shown[0] == shown[1]
    assert shown[1]["approval"]["by"] == "ann"
    again = tmp_path / "again.json.gz"
    portalwatch("baseline", "export", "pre", again, "--config", there)
    assert again.read_bytes() == file.read_bytes()

    (listed,) = portalwatch("baseline", "list", "--format", "json", "--config", there).json()
    assert not listed["active"]
    assert portalwatch("baseline", "approve", "pre", "--config", there).code == 0
    (listed,) = portalwatch("baseline", "list", "--format", "json", "--config", there).json()
    assert listed["active"]


def test_a_name_that_is_taken_is_not_imported(here: Path, store: str, tmp_path: Path) -> None:
    """2, and what there was is untouched."""
    file = tmp_path / "pre.json.gz"
    portalwatch("baseline", "export", "pre", file, "--config", here)
    refused = portalwatch("baseline", "import", file, "--config", here)
    assert (refused.code, refused.out) == (2, "")
    assert "there is a baseline 'pre' already" in refused.err
    assert sorted(names_in(store)) == ["post", "pre", "pre+1"]


def test_a_damaged_file_is_not_imported(here: Path, there: Path, empty_database: str, tmp_path: Path) -> None:
    """2 with what is wrong, without a traceback, and nothing of it is kept."""
    file = tmp_path / "pre.json.gz"
    portalwatch("baseline", "export", "pre", file, "--config", here)
    file.write_bytes(file.read_bytes()[:-20])
    refused = portalwatch("baseline", "import", file, "--config", there)
    assert (refused.code, refused.out) == (2, "")
    assert "the file is no exported baseline, or is damaged" in refused.err
    assert "Traceback" not in refused.err
    assert names_in(empty_database) == []


def test_a_series_that_is_something_else_here_is_not_imported(
    here: Path, there: Path, store: str, empty_database: str, tmp_path: Path
) -> None:
    """All or nothing: where one series can't be taken over, no other is."""
    portalwatch("store", "migrate", "--config", there)

    async def spoil(pool: asyncpg.Pool) -> None:
        await pool.execute("INSERT INTO series (name, unit, direction) VALUES ($1, 'ratio', 'ceiling')", SERIES)

    in_store(empty_database, spoil)
    save(store, baseline("two", [{"database_queries.aa": [0.04], SERIES: [0.04]}]))
    file = tmp_path / "two.json.gz"
    portalwatch("baseline", "export", "two", file, "--config", here)
    refused = portalwatch("baseline", "import", file, "--config", there)
    assert refused.code == 2
    assert f"series {SERIES} is a ceiling in ratio in the store" in refused.err

    async def known(pool: asyncpg.Pool) -> list[str]:
        return [row["name"] for row in await pool.fetch("SELECT name FROM series")]

    assert in_store(empty_database, known) == [SERIES]


@pytest.mark.parametrize(
    ("command", "said"),
    [(("export", "pre"), "can't be written"), (("import",), "can't be read")],
    ids=lambda one: one[0],
)
def test_a_file_that_is_out_of_reach_is_wrong_usage(here: Path, command: tuple[str, ...], said: str) -> None:
    """2 with the path."""
    answer = portalwatch("baseline", *command, here / "nowhere" / "pre.json.gz", "--config", here)
    assert answer.code == 2
    assert said in answer.err
    assert "nowhere" in answer.err


def test_a_baseline_is_deleted(here: Path, store: str) -> None:
    """Once there is consent; in a pipe nobody can be asked."""
    refused = run_process("baseline", "delete", "post", "--config", here)
    assert (refused.code, refused.out) == (2, "")
    assert "--yes" in refused.err
    assert "post" in names_in(store)
    deleted = portalwatch("baseline", "delete", "post", "--yes", "--config", here)
    assert (deleted.code, deleted.out) == (0, "post is deleted.\n")
    assert "post" not in names_in(store)


def test_the_active_baseline_stays(here: Path, store: str) -> None:
    """2, until another one is approved; then it goes with the further sessions it had."""
    refused = portalwatch("baseline", "delete", "pre", "--yes", "--config", here)
    assert (refused.code, "'pre' is the active baseline of test; approve another one first" in refused.err) == (2, True)
    assert portalwatch("baseline", "approve", "post", "--config", here).code == 0
    assert portalwatch("baseline", "delete", "pre", "--yes", "--config", here).code == 0
    assert names_in(store) == ["post"]
