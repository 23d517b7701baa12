"""Causes in how the server carries out a query: its indexes, its planner, its settings, its rows."""

import re
from collections.abc import Iterator, Mapping

from baselines.causes.sides import Sides
from baselines.explanation import Explanation, ExplanationKind
from baselines.inspection import Inspection, TableState
from baselines.ledger import Change, Section, State
from baselines.plan_node import PlanNode
from baselines.plan_shape import PlanShape

# A table has grown when it has this many times its rows.
_GROWN = 1.2
# Statistics are stale where autovacuum would say so with its default settings: so many rows, and this share of all.
_STALE_ROWS = 50
_STALE_SHARE = 0.1
# What the executor goes by: it matters under any plan. The planner's own matters only where the plan is another one.
_EXECUTOR = re.compile(
    r"work_mem|hash_mem_multiplier|temp_buffers|shared_buffers|effective_io_concurrency|max_parallel_workers"
    r"|max_worker_processes|jit(_.*)?|track_io_timing|io_method|io_combine_limit|io_workers"
)
_PLANNER = re.compile(
    r"enable_.*|cpu_.*_cost|.*_page_cost|parallel_.*|min_parallel_.*|max_parallel_workers_per_gather"
    r"|effective_cache_size|default_statistics_target|plan_cache_mode|geqo.*|(from|join)_collapse_limit"
    r"|constraint_exclusion|cursor_tuple_fraction|recursive_worktable_factor"
)


def question_changed(sides: Sides) -> Explanation | None:
    """The probe itself asks something else, so that the two sides don't measure the same."""
    was, is_now = sides.before.origin, sides.after.origin
    if was is None or is_now is None or was == is_now:
        return None
    what = "asks another target" if was.target != is_now.target else "was configured otherwise"
    return Explanation(
        ExplanationKind.PARAMETERS_CHANGED, f"the probe {what}: its query, arguments or request are not those of before"
    )


def index_lost(sides: Sides) -> Explanation | None:
    """An index that the earlier plan went by is gone, or invalid, and was not made again under another name."""
    missed = _indexes(sides.before.plan) - _indexes(sides.after.plan)
    for change in sides.changes:
        if change.section is Section.INDEXES and change.is_loss and _index_name(change) in missed:
            if any(one.is_new and one.after == change.before for one in sides.changes):
                continue
            kind = ExplanationKind.INDEX_INVALID if change.after == State.INVALID else ExplanationKind.INDEX_GONE
            summary = f"{change.sentence}, and the plan went by it (first seen {change.at:%Y-%m-%d %H:%M} UTC)"
            return Explanation(kind, summary, _figures(sides), [f"{change.item}: {change.before}"])
    return None


def setting_changed(sides: Sides) -> Explanation | None:
    """Settings that the executor goes by; those of the planner too where the plan is another one."""
    if sides.before.plan is None and sides.after.plan is None:
        return None
    changed = {
        name: f"{name} {before} → {after}"
        for name, before, after in _settings(sides)
        if _EXECUTOR.fullmatch(name) or (sides.plan_difference is not None and _PLANNER.fullmatch(name))
    }
    if not changed:
        return None
    several = "s" if len(changed) > 1 else ""
    summary = f"the setting{several} changed: {', '.join(sorted(changed.values()))}"
    return Explanation(ExplanationKind.SETTING_CHANGED, summary, _figures(sides))


def statistics_stale(sides: Sides) -> Explanation | None:
    """The plan is another one, and was made by statistics that no longer hold, as they did before."""
    if sides.plan_difference is None or sides.inspections is None:
        return None
    was, is_now = sides.inspections
    stale = {
        relation: why
        for relation, state in is_now.tables.items()
        if (why := _staleness(is_now, relation, state)) and not _was_stale(was, relation, state)
    }
    if not stale:
        return None
    summary = "the planner's statistics are stale: " + "; ".join(f"{name} {why}" for name, why in stale.items())
    far_off = [f"{text.strip()}: {one}" for text, one in zip(is_now.plan.nodes, is_now.figures, strict=False)]
    figures = {f"changed_rows_{relation}": float(is_now.tables[relation].changed) for relation in stale}
    return Explanation(ExplanationKind.STATISTICS_STALE, summary, figures, far_off)


def rows_grown(sides: Sides) -> Explanation | None:
    """There are more rows, by a factor like that of the slow-down: read by the same plan, or else in a table."""
    if sides.inspections is None:
        return None
    was, is_now = sides.inspections
    tables = _growth(was.tables, is_now.tables)
    if sides.plan_difference is None:
        if not was.rows_read or not is_now.rows_read:
            return None
        before, after, where = was.rows_read, is_now.rows_read, "the same plan reads"
    elif tables:
        relation = max(tables, key=lambda one: tables[one])
        before, after = was.tables[relation].rows, is_now.tables[relation].rows
        where = f"{relation} has"
    else:
        return None
    factor = after / before
    if factor < _GROWN or not sides.accounts_for(factor):
        return None
    grown = [f"{name}: {was.tables[name].rows:,} → {is_now.tables[name].rows:,} rows" for name in tables]
    return Explanation(
        ExplanationKind.ROWS_GROWN,
        f"{where} {after:,} rows instead of {before:,}, {factor:.3g} times as many",
        {"rows_before": float(before), "rows_after": float(after), "factor": factor},
        grown,
    )


def plan_changed(sides: Sides) -> Explanation | None:
    """The plan is another one."""
    difference = sides.plan_difference
    if difference is None:
        return None
    summary = f"the plan changed: {difference.sentence}"
    return Explanation(ExplanationKind.PLAN_CHANGE, summary, _figures(sides), difference.lines)


def _figures(sides: Sides) -> dict[str, float]:
    """What one execution took on the server and read there, on both sides."""
    found: dict[str, float | None] = {}
    for name, side in (("before", sides.before), ("after", sides.after)):
        if (inspection := side.inspection) is not None:
            found[f"server_seconds_{name}"] = inspection.server_seconds
            found[f"rows_read_{name}"] = inspection.rows_read
    return {name: float(value) for name, value in found.items() if value is not None}


def _indexes(plan: PlanShape | None) -> set[str]:
    nodes = (PlanNode.read(text) for text in plan.nodes) if plan else ()
    return {node.index for node in nodes if node.index is not None}


def _index_name(change: Change) -> str:
    """Without its schema and its quotes, as a plan has it."""
    name = change.item.removeprefix("index ").partition(" on ")[0]
    return name.rpartition(".")[2].strip('"')


def _settings(sides: Sides) -> Iterator[tuple[str, str, str]]:
    """Name, before and after of each that changed for our own connection: as the plan says, else as the ledger does."""
    was, is_now = (one.settings for one in sides.inspections) if sides.inspections else ({}, {})
    for name in dict.fromkeys([*was, *is_now]):
        if was.get(name) != is_now.get(name):
            yield name, was.get(name, "the default"), is_now.get(name, "the default")
    for change in sides.changes:
        name = change.item.removeprefix("setting ")
        if change.section is Section.SETTINGS and change.before is not None and change.after is not None:
            yield name, change.before, change.after


def _staleness(inspection: Inspection, relation: str, state: TableState) -> str | None:
    """Why the statistics of that table can't be trusted, None where they can."""
    if not state.rows:
        return None
    if state.without_statistics:
        return f"has none for {state.without_statistics} of its columns"
    if inspection.analyzed_at.get(relation) is None:
        return "was never analysed"
    if state.changed > _STALE_ROWS + _STALE_SHARE * state.rows:
        return f"has {state.changed:,} of {state.rows:,} rows changed since it was analysed"
    return None


def _was_stale(was: Inspection, relation: str, state: TableState) -> bool:
    """Whether the statistics were no better before; a table that the earlier plan did not read counts as sound."""
    earlier = was.tables.get(relation)
    if earlier is None or _staleness(was, relation, earlier) is None:
        return False
    return state.without_statistics <= earlier.without_statistics and state.changed <= 2 * earlier.changed


def _growth(was: Mapping[str, TableState], is_now: Mapping[str, TableState]) -> dict[str, float]:
    """The factor by which each table has grown that both plans read; none that has not."""
    both = {name: is_now[name].rows / state.rows for name, state in was.items() if name in is_now and state.rows}
    return {name: factor for name, factor in both.items() if factor >= _GROWN}
