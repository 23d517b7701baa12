"""The statements of this package, one a file."""

from baselines.statements import statements_of

statement = statements_of(__name__)
