"""What can go wrong with a sandbox."""


class SandboxUnavailableError(RuntimeError):
    """This machine allows no sandbox of the level asked for; the message says what would help."""
