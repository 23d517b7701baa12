"""Proofs of what is read of a watched database for a deployment."""
