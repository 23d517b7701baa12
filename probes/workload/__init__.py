"""What a portal does all day, as its database and its own figures tell: what probes stand for, and which to add."""
