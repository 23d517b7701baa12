"""The customer's figures and what they say of a measurement or a comparison: pure, without any driver."""

from thresholds.advice import advise
from thresholds.assessment import Action, Advice, Assessment
from thresholds.evaluation import evaluate
from thresholds.finding import Finding, Level, Rule
from thresholds.grade import Grade, GradeBands, Grades, load_grades
from thresholds.judgement import assess, baseline_findings
from thresholds.limit import Limit, LimitOverride, SeriesLimits
from thresholds.matrix import ThresholdMatrix, load_matrix
from thresholds.profile import Profile
from thresholds.quantity import written
from thresholds.rollback import RollbackMatrix, load_rollback
from thresholds.routing import Routing, Tier, load_routing
from thresholds.schedule import Schedule, SupportLevel, load_schedule
from thresholds.shipped import FigureError
from thresholds.target import Target, Targets, load_targets
from thresholds.tolerance import tolerances

__all__ = [
    "Action",
    "Advice",
    "Assessment",
    "FigureError",
    "Finding",
    "Grade",
    "GradeBands",
    "Grades",
    "Level",
    "Limit",
    "LimitOverride",
    "Profile",
    "RollbackMatrix",
    "Routing",
    "Rule",
    "Schedule",
    "SeriesLimits",
    "SupportLevel",
    "Target",
    "Targets",
    "ThresholdMatrix",
    "Tier",
    "advise",
    "assess",
    "baseline_findings",
    "evaluate",
    "load_grades",
    "load_matrix",
    "load_rollback",
    "load_routing",
    "load_schedule",
    "load_targets",
    "tolerances",
    "written",
]
