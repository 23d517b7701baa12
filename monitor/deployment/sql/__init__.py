"""The statements on deployments: `statement(name)` is the text of `<name>.sql` in this folder."""

from baselines.statements import statements_of

statement = statements_of(__name__)
