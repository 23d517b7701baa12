"""The deployment companion: what happened in a deployment, its gates, and what is due."""
