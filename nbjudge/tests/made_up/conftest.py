"""nbgrader runs the settings, and gives them names that nobody else does."""

collect_ignore = ["nbgrader_config.py"]
