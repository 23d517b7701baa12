"""Of each section, `<section>.sql` reads its facts as item and value, and `<section>_mark.sql` whether they may differ.

A mark is one cheap value that changes with whatever changes the facts: each write to a catalogue gives its row a new
`xmin`. Object ids below 16384 belong to the server itself.
"""

from baselines.statements import statements_of

statement = statements_of(__name__)
