"""The rules of a deployment: its plan, phases, gates, checks of integrity, checklist and health score. Pure."""
