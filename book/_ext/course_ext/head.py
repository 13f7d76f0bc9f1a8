"""What a page that needs a script of its own has in its head."""


def add(context: dict, pagename: str, style: str, script: str) -> None:
    """Link a style and a module, by their addresses below the site's root."""
    root = "../" * pagename.count("/")
    context["metatags"] = (
        context.get("metatags", "")
        + f'<link rel="stylesheet" href="{root}{style}">\n'
        + f'<script type="module" src="{root}{script}"></script>\n'
    )
