"""PyYAML with libyaml's parser alone: importing all of it takes longer than starting Python does, by its many expressions.

The parser needs PyYAML's classes of events and of errors. Of the modules that are left out its binding looks up an
exception each: https://github.com/yaml/pyyaml/blob/6.0.2/yaml/_yaml.pyx. They are imported when somebody asks for more.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TAKEN = "error events nodes tokens".split()
_LEFT_OUT = "reader scanner parser composer constructor emitter serializer representer".split()


def prepare() -> None:
    """Make ``import yaml`` import no more than the parser, unless it has been imported, or libyaml is missing."""
    from importlib.machinery import PathFinder

    spec = None if "yaml" in sys.modules else PathFinder.find_spec("yaml")
    if spec is None:
        return
    package: Any = type(sys)("yaml")
    package.__spec__, package.__path__, package.__file__ = spec, spec.submodule_search_locations, spec.origin
    package.__package__, package.__loader__ = "yaml", spec.loader

    def rest(name: str) -> Any:  # noqa: ANN401 - whatever PyYAML has by that name
        del package.__getattr__
        package.__loader__.exec_module(package)
        return getattr(package, name)

    sys.modules["yaml"] = package
    try:
        from yaml import error, events, nodes, tokens  # noqa: F401 - the binding takes them from the package

        for name in _LEFT_OUT:
            kind = error.YAMLError if name == "reader" else error.MarkedYAMLError
            exception = type(f"{name.capitalize()}Error", (kind,), {})
            setattr(package, name, type(name, (), {exception.__name__: exception}))
        import yaml._yaml  # noqa: F401 - what reads with it looks for it in the package
    except (ImportError, AttributeError):
        for name in ("yaml", *(f"yaml.{name}" for name in _TAKEN)):
            sys.modules.pop(name, None)
        return
    for name in _LEFT_OUT:
        delattr(package, name)
    package.__getattr__ = rest
