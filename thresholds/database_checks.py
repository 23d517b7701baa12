"""What indexes, tables, constraints and triggers of a database must be like after a deployment."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from baselines.database_state import IndexState, IndexUse, Integrity, UnprovedConstraint
from baselines.series import Unit
from thresholds.check_report import CheckLine, CheckStatus, not_looked_at
from thresholds.quantity import Duration, Quantity, Share, written
from thresholds.shipped import parse_figures, read_figures


def _bytes(given: object) -> float:
    quantity = Quantity.parse(given)
    if quantity.unit is not Unit.BYTES:
        raise ValueError(f"{given!r} is no size: write it as 10 MB")
    return quantity.value


Size = Annotated[float, BeforeValidator(_bytes), Field(ge=0)]


class IndexUsage(BaseModel):
    """Sizes in bytes, times in seconds, shares from 0 to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    unused_bytes: Size = Field(alias="unused_from")
    observed_seconds: Duration = Field(alias="observed_for")
    scanned_bytes: Size = Field(alias="scanned_from")
    scanned_share: Share
    scans_at_least: int = Field(ge=1)


class Constraints(BaseModel):
    """How far orphans are looked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows_at_most: int = Field(ge=1)
    orphans_at_most: int = Field(ge=1)


class _Found(NamedTuple):
    """One line in the making: what is wrong with what, and the figure where there is one."""

    name: str
    detail: str
    value: float | None = None
    unit: Unit | None = None


class DatabaseChecks(BaseModel):
    """The rules of the index usage analysis and of the constraint validation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index_usage: IndexUsage
    constraints: Constraints
    lines_at_most: int = Field(ge=1)

    def of_indexes(self, database: str, use: IndexUse) -> list[CheckLine]:
        """Invalid, duplicate and unused indexes, and large tables that are read as a whole."""
        rules, indexes = self.index_usage, use.indexes
        invalid = [
            _Found(f"{one.table}.{one.name}", "invalid: it is kept up, and never read")
            for one in indexes
            if not one.valid
        ]
        scanned = [
            _Found(
                one.name,
                f"{one.sequential} of {one.sequential + one.by_index} scans read all of its "
                f"{written(one.size_bytes, Unit.BYTES)}",
                one.sequential / (one.sequential + one.by_index),
                Unit.RATIO,
            )
            for one in use.tables
            if one.size_bytes >= rules.scanned_bytes
            and one.sequential + one.by_index >= rules.scans_at_least
            and one.sequential / (one.sequential + one.by_index) > rules.scanned_share
        ]
        lines = self._lines(
            "invalid indexes", database, CheckStatus.FAIL, invalid, f"{len(indexes)} indexes, all valid"
        )
        lines += self._lines(
            "duplicate indexes",
            database,
            CheckStatus.WARNING,
            _duplicates(indexes),
            f"{len(indexes)} indexes, none twice",
        )
        lines += self._unused(database, indexes, use.observed_seconds)
        lines += self._lines(
            "sequential scans",
            database,
            CheckStatus.WARNING,
            scanned,
            f"{len(use.tables)} tables, the large ones by their indexes",
        )
        return lines

    def of_constraints(self, database: str, integrity: Integrity) -> list[CheckLine]:
        """Constraints that are NOT VALID, the orphans among their rows, and triggers that are switched off."""
        unproved, disabled = integrity.unproved, integrity.disabled
        old = "NOT VALID: rows from before it were never checked; VALIDATE CONSTRAINT does"
        lines = self._lines(
            "not validated constraints",
            database,
            CheckStatus.WARNING,
            [_Found(f"{one.table}.{one.name}", old) for one in unproved],
            f"{integrity.constraints} foreign keys and checks, all validated",
        )
        keys = [one for one in unproved if one.foreign_key]
        lines += self._either(
            "orphans",
            database,
            [self._orphan(one) for one in keys if one.orphans],
            [_Found(f"{one.table}.{one.name}", f"not counted: {one.why}") for one in keys if one.orphans is None],
            f"{len(keys)} foreign keys are NOT VALID, and no row of theirs is without its parent"
            if keys
            else "none can be",
        )
        lines += self._either(
            "disabled triggers",
            database,
            [
                _Found(f"{one.table}.{one.name}", f"{one.constraint} is not kept up")
                for one in disabled
                if one.constraint
            ],
            [_Found(f"{one.table}.{one.name}", "switched off") for one in disabled if not one.constraint],
            "all are switched on",
        )
        return lines

    def _unused(self, database: str, indexes: Sequence[IndexState], observed_seconds: float | None) -> list[CheckLine]:
        rules = self.index_usage
        large = [one for one in indexes if one.valid and not one.needed and one.size_bytes >= rules.unused_bytes]
        if observed_seconds is not None and observed_seconds < rules.observed_seconds:
            told = f"the server has counted for {written(observed_seconds, Unit.SECONDS)} only"
            return [not_looked_at("unused indexes", database, told)]
        unused = [
            _Found(
                f"{one.table}.{one.name}",
                f"{written(one.size_bytes, Unit.BYTES)}, never read",
                one.size_bytes,
                Unit.BYTES,
            )
            for one in sorted(large, key=lambda one: -one.size_bytes)
            if not one.scans
        ]
        return self._lines(
            "unused indexes",
            database,
            CheckStatus.WARNING,
            unused,
            f"{len(large)} large ones without a constraint, all in use",
        )

    def _orphan(self, one: UnprovedConstraint) -> _Found:
        orphans, most = one.orphans or 0, self.constraints.orphans_at_most
        counted = f"{most} or more rows refer" if orphans >= most else f"{orphans} rows refer"
        return _Found(f"{one.table}.{one.name}", f"{counted} to a parent that is not there", orphans, Unit.COUNT)

    def _either(
        self, component: str, database: str, failed: Sequence[_Found], doubtful: Sequence[_Found], well: str
    ) -> list[CheckLine]:
        """Lines that FAIL and lines that warn; where there are neither, what is well."""
        lines = self._lines(component, database, CheckStatus.FAIL, failed, "") if failed else []
        if doubtful or not failed:
            lines += self._lines(component, database, CheckStatus.WARNING, doubtful, well)
        return lines

    def _lines(
        self, component: str, database: str, status: CheckStatus, found: Sequence[_Found], well: str
    ) -> list[CheckLine]:
        """A line for each that was found, up to the most; else one that says what is well."""
        if not found:
            return [CheckLine(component, database, CheckStatus.PASS, well)]
        lines = [
            CheckLine(component, f"{database}.{one.name}", status, one.detail, one.value, one.unit)
            for one in found[: self.lines_at_most]
        ]
        if len(found) > self.lines_at_most:
            lines.append(CheckLine(component, database, status, f"and {len(found) - self.lines_at_most} more"))
        return lines


def load_database_checks() -> DatabaseChecks:
    """The rules as shipped."""
    return parse_figures(DatabaseChecks, read_figures("database_checks.yml"), "database_checks.yml")


def _duplicates(indexes: Sequence[IndexState]) -> list[_Found]:
    """Those that could go, each with the one that stays: it holds a constraint, or else is the older by name."""
    alike = defaultdict[tuple[str, str], list[IndexState]](list)
    for one in indexes:
        if one.valid:
            alike[one.table, one.definition].append(one)
    found = []
    for ones in alike.values():
        kept, *others = sorted(ones, key=lambda one: (not one.needed, one.name))
        found += [
            _Found(f"{one.table}.{one.name}", f"the same as {kept.name}", one.size_bytes, Unit.BYTES) for one in others
        ]
    return found
