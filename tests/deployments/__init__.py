"""Deployments played into a store."""
