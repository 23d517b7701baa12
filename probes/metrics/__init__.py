"""What a portal says of its own traffic: pages of metrics, counters between two of them, and figures made of both."""
