"""The demonstration: a sample portal, its deployment and the faults that can be put into it."""
