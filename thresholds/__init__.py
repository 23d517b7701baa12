"""The customer's figures and what they say of a measurement or a comparison: pure, without any driver."""

from thresholds.advice import advise, advise_inaccessible
from thresholds.assessment import Action, Advice, Assessment
from thresholds.check_report import CheckKind, CheckLine, CheckReport, CheckStatus, not_looked_at
from thresholds.counts import WindowCount
from thresholds.database_checks import DatabaseChecks, load_database_checks
from thresholds.drift import drift_finding
from thresholds.evaluation import evaluate
from thresholds.explanation import AppliedRule, bands_of, rules_of, standing_of
from thresholds.finding import Finding, Level, Rule, marked
from thresholds.grade import Grade, GradeBands, Grades, load_grades
from thresholds.health_validation import HealthValidation, load_health_validation
from thresholds.judgement import assess, baseline_findings
from thresholds.limit import Limit, LimitOverride, SeriesLimits
from thresholds.matrix import ThresholdMatrix, load_matrix
from thresholds.performance_suite import performance_line
from thresholds.profile import Profile, ProfileFigures
from thresholds.quantity import written
from thresholds.rollback import RollbackMatrix, RollbackOverride, load_rollback
from thresholds.routing import Delivery, Routing, RoutingOverride, Tier, TierOverride, load_routing
from thresholds.schedule import Schedule, load_schedule
from thresholds.shipped import FigureError, shipped_line
from thresholds.source import Source
from thresholds.target import Target, Targets, load_targets
from thresholds.tolerance import tolerances

__all__ = [
    "Action",
    "Advice",
    "AppliedRule",
    "Assessment",
    "CheckKind",
    "CheckLine",
    "CheckReport",
    "CheckStatus",
    "DatabaseChecks",
    "Delivery",
    "FigureError",
    "Finding",
    "Grade",
    "GradeBands",
    "Grades",
    "HealthValidation",
    "Level",
    "Limit",
    "LimitOverride",
    "Profile",
    "ProfileFigures",
    "RollbackMatrix",
    "RollbackOverride",
    "Routing",
    "RoutingOverride",
    "Rule",
    "Schedule",
    "SeriesLimits",
    "Source",
    "Target",
    "Targets",
    "ThresholdMatrix",
    "Tier",
    "TierOverride",
    "WindowCount",
    "advise",
    "advise_inaccessible",
    "assess",
    "bands_of",
    "baseline_findings",
    "drift_finding",
    "evaluate",
    "load_database_checks",
    "load_grades",
    "load_health_validation",
    "load_matrix",
    "load_rollback",
    "load_routing",
    "load_schedule",
    "load_targets",
    "marked",
    "not_looked_at",
    "performance_line",
    "rules_of",
    "shipped_line",
    "standing_of",
    "tolerances",
    "written",
]
