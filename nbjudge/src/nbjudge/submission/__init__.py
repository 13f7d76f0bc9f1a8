"""What came in, read without trust: collected, sanitised, flagged."""
