"""All kinds, by name: each module of this package holds a family of them in KINDS."""

from importlib import import_module
from pkgutil import iter_modules


def _all():
    found = {}
    for module in sorted(info.name for info in iter_modules(__path__)):
        for kind in import_module(f"{__name__}.{module}").KINDS:
            if kind.name in found or not kind.name.startswith(f"{module}-"):
                raise ValueError(f"{kind.name} in {module}.py: {module}-IDEA, and once only")
            found[kind.name] = kind
    return found


KINDS = _all()
