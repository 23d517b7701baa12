"""Tests of the deployment companion."""
