"""The statements on tokens, releases, checks and sizes; `statement(name)` is the text of `<name>.sql` here."""

from baselines.statements import statements_of

statement = statements_of(__name__)
