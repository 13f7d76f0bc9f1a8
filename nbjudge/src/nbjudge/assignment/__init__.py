"""What we ask: the source notebook compiled, its release, the faults that lint finds."""
