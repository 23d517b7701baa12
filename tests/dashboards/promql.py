"""What an expression is, as far as the catalogue tells: the labels of its result, its unit, and what can't be right."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import promql_parser as ast

from dashboards.metrics import CATALOGUE, MetricKind
from dashboards.prometheus.recording import BURN_RATES, RECORDING_RULES

TARGET = frozenset({"job", "instance"})
# Prometheus' own, of every target.
_OWN = {"up": "number", "scrape_duration_seconds": "seconds", "scrape_samples_scraped": "number"}
_COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}
_SETS = {"and", "unless"}
_KEEPS_LABELS = {"topk", "bottomk"}


@dataclass(slots=True)
class Shape:
    """`labels` that every series of the result has; `unit` is seconds, ratio, bytes, number, per second, timestamp."""

    labels: frozenset[str]
    unit: str
    complaints: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    labels: frozenset[str]
    unit: str


def _unit(name: str) -> str:
    if "timestamp" in name:
        return "timestamp"
    for ending, unit in (("seconds", "seconds"), ("ratio", "ratio"), ("bytes", "bytes")):
        if name.endswith(ending):
            return unit
    return "number"


def _catalogue() -> Mapping[str, _Known]:
    known = {name: _Known(TARGET, unit) for name, unit in _OWN.items()}
    for metric in CATALOGUE:
        labels = TARGET | set(metric.labels)
        if metric.kind is MetricKind.HISTOGRAM:
            known[f"{metric.name}_bucket"] = _Known(labels | {"le"}, _unit(metric.name))
            known[f"{metric.name}_sum"] = _Known(labels, _unit(metric.name))
            known[f"{metric.name}_count"] = _Known(labels, "number")
        else:
            known[metric.name] = _Known(labels, _unit(metric.name.removesuffix("_total")))
    for rule in (*RECORDING_RULES, *BURN_RATES):
        level, name, operation = rule.record.split(":")
        unit = "ratio" if operation.startswith("ratio") else _unit(name)
        known[rule.record] = _Known(frozenset(level.split("_")), unit)
    return known


KNOWN = _catalogue()


def shape(expr: str) -> Shape:
    """The shape of an expression whose macros are filled in. Raises ValueError where it is no PromQL."""
    return _of(ast.parse(expr))


def _of(node: ast.Expr) -> Shape:
    match node:
        case ast.ParenExpr() | ast.UnaryExpr() | ast.SubqueryExpr():
            return _of(node.expr)
        case ast.NumberLiteral() | ast.StringLiteral():
            return Shape(frozenset(), "number")
        case ast.MatrixSelector():
            return _selector(node.vector_selector)
        case ast.VectorSelector():
            return _selector(node)
        case ast.Call():
            return _call(node)
        case ast.AggregateExpr():
            return _aggregate(node)
        case ast.BinaryExpr():
            return _binary(node)
    raise AssertionError(f"unknown kind of expression {type(node).__name__}")


def _selector(node: ast.VectorSelector) -> Shape:
    known = KNOWN.get(node.name or "")
    if known is None:
        return Shape(TARGET, "number", [f"nobody exports {node.name}"])
    asked = {one.name for one in node.matchers.matchers}
    return Shape(known.labels, known.unit, [f"{node.name} has no label {one}" for one in sorted(asked - known.labels)])


def _call(node: ast.Call) -> Shape:
    name, arguments = node.func.name, [_of(one) for one in node.args]
    complaints = [told for one in arguments for told in one.complaints]
    if name == "time":
        return Shape(frozenset(), "timestamp")
    vector = next((one for one in reversed(arguments) if one.labels), arguments[-1])
    if name == "label_replace":
        return Shape(arguments[0].labels | {node.args[1].val}, arguments[0].unit, complaints)
    if name == "histogram_quantile":
        missing = [] if "le" in vector.labels else ["a quantile of buckets without le"]
        return Shape(vector.labels - {"le"}, vector.unit, complaints + missing)
    if name == "rate" and "le" not in vector.labels:  # what a bucket counts is its own, and drops out of a quantile
        per_second = {"number": "per second", "seconds": "ratio"}
        return Shape(vector.labels, per_second.get(vector.unit, vector.unit), complaints)
    return Shape(vector.labels, vector.unit, complaints)


def _aggregate(node: ast.AggregateExpr) -> Shape:
    inner, op = _of(node.expr), str(node.op)
    if op in _KEEPS_LABELS:
        return inner
    by = frozenset(node.modifier.labels) if node.modifier else frozenset()
    missing = [f"by {one}, which {node.expr} has not" for one in sorted(by - inner.labels)]
    unit = "ratio" if op == "avg" and inner.unit == "number" else "number" if op == "count" else inner.unit
    return Shape(by & inner.labels, unit, inner.complaints + missing)


def _binary(node: ast.BinaryExpr) -> Shape:
    left, right, op = _of(node.lhs), _of(node.rhs), str(node.op)
    complaints = left.complaints + right.complaints
    matching = node.modifier.matching if node.modifier else None
    if matching is not None:
        for side, told in ((left, "left"), (right, "right")):
            complaints += [
                f"on {one}, which the {told} side has not" for one in matching.labels if one not in side.labels
            ]
    if op in _COMPARISONS | _SETS:
        return Shape(left.labels, left.unit, complaints)
    if op == "or":
        return Shape(left.labels & right.labels, left.unit, complaints)
    kept = left.labels if left.labels else right.labels
    if matching is not None and node.modifier and "ManyToOne" not in str(node.modifier.card):
        kept = frozenset(matching.labels)
    return Shape(kept, _combined(op, left.unit, right.unit), complaints)


def _combined(op: str, left: str, right: str) -> str:
    if op == "/":
        if left == right:
            return "ratio"
        return {("seconds", "number"): "seconds", ("ratio", "per second"): "seconds"}.get((left, right), left)
    if op == "-" and left == right == "timestamp":
        return "seconds"
    if op == "*":
        return right if left == "number" else left
    return right if left == "number" else left
