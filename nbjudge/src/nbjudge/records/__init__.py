"""The one place that writes grades."""
