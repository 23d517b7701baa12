"""A document as one file to be carried elsewhere: gzipped JSON that says what it is and can be checked."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from baselines.baseline import BaselineError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """One kind of file. `key` is the document's name within it, `noun` what people call such a file, `again` what helps
    where one is damaged, `command` what makes one.
    """

    name: str
    version: int
    key: str
    noun: str
    again: str
    command: str

    def write(self, document: object) -> bytes:
        """The content of the file; the same document gives the same bytes."""
        wrapped = {"format": self.name, "version": self.version, "sha256": _digest(document), self.key: document}
        return gzip.compress(json.dumps(wrapped, ensure_ascii=False).encode(), mtime=0)

    def read(self, content: bytes, parse: Callable[[Any], T]) -> T:
        """What `parse` makes of the document. Raises BaselineError for what is no such file, or is damaged."""
        try:
            wrapped = json.loads(gzip.decompress(content))
        except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
            raise BaselineError(f"the file is no {self.noun}, or is damaged; {self.again}") from error
        if not isinstance(wrapped, dict) or wrapped.get("format") != self.name:
            raise BaselineError(f"the file is no {self.noun}; make one with `{self.command}`")
        if wrapped.get("version") != self.version:
            raise BaselineError(
                f"the file has version {wrapped.get('version')} of the format, and this release reads version "
                f"{self.version}; read it with the release that wrote it, or a later one"
            )
        document = wrapped.get(self.key)
        if document is None or wrapped.get("sha256") != _digest(document):
            raise BaselineError(f"the file has been changed since it was written; {self.again}")
        try:
            return parse(document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BaselineError(f"the file is no whole {self.noun}; {self.again}") from error


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
