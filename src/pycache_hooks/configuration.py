"""Settings in ``[tool.pycache-hooks]`` of the pyproject.toml beside ``.git``.

``select``, ``ignore``, ``exclude`` and ``format`` there hold for every hook; a table of a hook's name, such as
``[tool.pycache-hooks.check-pycache-dockerfile]``, holds its own options, without their dashes. The command line wins.
"""

from __future__ import annotations

import os

from pycache_hooks.console import Failure, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pycache_hooks.arguments import Option

FILE = "pyproject.toml"
TABLE = "tool.pycache-hooks"
MARK = b"pycache-hooks"

COMMON = ("select", "ignore", "exclude", "format")
"""What may stand in the table itself, for all hooks that have such an option."""


_origins: dict[str, str] = {}
"""Where the options of the hook that was filled last stand, if they did not come from the command line."""


def located(message: str) -> str:
    """The *message* about an option, with the place of that if it is in the file: who reads it has given no option."""
    option = message.partition(" ")[0].removesuffix(":")
    return f"{_origins[option]}:{message.removeprefix(option).removeprefix(':')}" if option in _origins else message


def fill(name: str, options: Iterable[Option], settings: object, table: dict[str, Any]) -> None:
    """Fill what the command line left open in *settings* of the hook *name*, from *table*.

    Raises Failure for an unknown key, and for a value that the option does not take.
    """
    given = vars(settings)
    _origins.clear()
    for key, (where, value) in _values(name, options, table).items():
        attribute = key.replace("-", "_")
        if attribute not in given:
            setattr(settings, attribute, value)
            _origins[f"--{key}"] = f"{FILE}: [{where}] {key}"


def read() -> dict[str, Any]:
    """The table; an empty one if there is none. Raises Failure for a file that is no TOML."""
    from pycache_hooks.git import repository_above

    found = repository_above(os.curdir)
    path = os.path.join(os.path.dirname(found), FILE)
    try:
        with open(path, "rb") as file:
            data = file.read() if found else b""
    except OSError:
        return {}
    if MARK not in data:
        return {}
    import tomllib

    try:
        tools = tomllib.loads(data.decode()).get("tool", {})
    except ValueError as error:
        raise Failure(f"{FILE}: cannot be read: {error}") from None
    table = tools.get("pycache-hooks", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise Failure(f"{FILE}: {TABLE} is not a table")
    return table


def _values(name: str, options: Iterable[Option], table: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """The settings of the hook *name* in *table*, each with the name of the table that it stands in."""
    known = {
        flag.removeprefix("--"): details for flag, details in options if flag.startswith("--") and flag != "--explain"
    }
    hooks = _hooks()
    for key in table:
        if key not in COMMON and key not in hooks:
            hint = f": it goes into [{TABLE}.{name}]" if key in known else nearest(key, [*COMMON, *hooks])
            raise Failure(f"{FILE}: [{TABLE}] {key}: unknown key{hint}")
    own = table.get(name, {})
    if not isinstance(own, dict):
        raise Failure(f"{FILE}: {TABLE}.{name} is not a table")
    for key in own:
        if key not in known:
            raise Failure(f"{FILE}: [{TABLE}.{name}] {key}: unknown key{nearest(key, known)}")
    shared = {key: value for key, value in table.items() if key in COMMON and key in known}
    found = {}
    for where, values in ((TABLE, shared), (f"{TABLE}.{name}", own)):
        for key, value in values.items():
            found[key] = where, _checked(where, key, value, known[key])
    return found


def _checked(where: str, key: str, value: Any, details: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever TOML can say
    """*value* as argparse would give it. Raises Failure for one that the option does not take."""
    if details.get("action") == "store_true":
        wanted, right = "true or false", isinstance(value, bool)
    elif details.get("action") == "append":
        value = [value] if isinstance(value, str) else value
        wanted, right = "a list of strings", isinstance(value, list) and all(isinstance(item, str) for item in value)
    elif "choices" in details:
        wanted, right = f"one of {', '.join(details['choices'])}", value in details["choices"]
    elif "type" in details:
        wanted, right = "a number", isinstance(value, int | float) and not isinstance(value, bool)
    else:
        wanted, right = "a string", isinstance(value, str)
    if not right:
        raise Failure(f"{FILE}: [{where}] {key} = {value!r}: not {wanted}")
    return value


def _hooks() -> list[str]:
    """The names of the hooks: their modules."""
    from pycache_hooks import hooks

    names = os.listdir(os.path.dirname(hooks.__file__))
    return sorted(
        name.removesuffix(".py").replace("_", "-") for name in names if name[0] != "_" and name.endswith(".py")
    )
