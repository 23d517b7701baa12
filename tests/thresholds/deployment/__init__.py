"""Proofs of the rules of a deployment."""
