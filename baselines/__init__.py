"""What was measured, the baselines made of it, and how a difference between two is judged; pure but for one file.

The adapter to PostgreSQL is imported from its own module only, so that judging needs no driver.
"""

from baselines.baseline import (
    Approval,
    Baseline,
    BaselineError,
    CaptureConditions,
    CaptureSession,
    Forced,
    Spacing,
)
from baselines.case import Case, Look
from baselines.clock import Clock
from baselines.comparison import FLOOR_SECONDS, compare
from baselines.explanation import Explanation, ExplanationKind
from baselines.family import RULE_VERSION, Judgement, judge_family
from baselines.inspection import Inspected, Inspection
from baselines.ledger import Change, LedgerEntry, Section
from baselines.measurement import Measurement, Outcome, Reason
from baselines.plan_shape import PlanShape
from baselines.samples import SampleError, Samples
from baselines.series import Direction, Series, SeriesRegistry, Unit
from baselines.store import BaselineStore, BaselineSummary, Ledger, MeasurementStore
from baselines.summary import summarise
from baselines.verdict import (
    Answer,
    Comparison,
    Level,
    Question,
    SeriesComparison,
    Summary,
    Verdict,
)

__all__ = [
    "FLOOR_SECONDS",
    "RULE_VERSION",
    "Answer",
    "Approval",
    "Baseline",
    "BaselineError",
    "BaselineStore",
    "BaselineSummary",
    "CaptureConditions",
    "CaptureSession",
    "Case",
    "Change",
    "Clock",
    "Comparison",
    "Direction",
    "Explanation",
    "ExplanationKind",
    "Forced",
    "Inspected",
    "Inspection",
    "Judgement",
    "Ledger",
    "LedgerEntry",
    "Level",
    "Look",
    "Measurement",
    "MeasurementStore",
    "Outcome",
    "PlanShape",
    "Question",
    "Reason",
    "SampleError",
    "Samples",
    "Section",
    "Series",
    "SeriesComparison",
    "SeriesRegistry",
    "Spacing",
    "Summary",
    "Unit",
    "Verdict",
    "compare",
    "judge_family",
    "summarise",
]
