"""The twenty statements on alerts, each by a test that is named after it."""
