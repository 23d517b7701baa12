"""The one history of the one store; see `monitor/database.py` for how it is carried out.

A revision is a Python file that names its predecessor and an SQL file of the same name. *pre* revisions are safe
before the new code runs, *post* ones only after. Files are never edited once released.
"""
