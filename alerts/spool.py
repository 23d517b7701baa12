"""The book on disk, for the time without a store: a crash then loses nothing either."""

import os
from pathlib import Path

from alerts.book import Book


class BookSpool:
    """One file, replaced as a whole at each change."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the folder can't be made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def read(self) -> Book | None:
        """What lies there from an earlier time without a store; None where there is nothing, or it can't be read."""
        try:
            return Book.from_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            # Kept for whoever wants to look; what is broken now is found again by the next evaluations.
            self._path.replace(self._path.with_suffix(".unreadable"))
            return None

    def write(self, book: Book) -> bool:
        """Replace it, flushed to the disk; False where that can't be done."""
        new = self._path.with_suffix(".new")
        try:
            with new.open("wb") as file:
                file.write(book.to_json())
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError:
            return False
        return True

    def clear(self) -> None:
        """The store has it all."""
        self._path.unlink(missing_ok=True)
