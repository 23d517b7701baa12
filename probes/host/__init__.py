"""The machine, or the container, that the prober runs on."""
