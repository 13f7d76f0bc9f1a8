"""What can go wrong with a sandbox."""


class SandboxUnavailable(RuntimeError):
    """No sandbox of the level asked for can be made on this machine; the message says what would help."""
