"""Errors that the portal and its pages send in: taken, stored without personal data, told by class."""
