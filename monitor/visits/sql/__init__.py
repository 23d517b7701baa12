"""The statements on web vitals; `statement(name)` is the text of `<name>.sql` here."""

from baselines.statements import statements_of

statement = statements_of(__name__)
