"""The customer's four checks of a deployment, one file a kind; each gives a `CheckReport`."""
