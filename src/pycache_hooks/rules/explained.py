"""What ``--explain`` prints about a rule."""

from __future__ import annotations

from pycache_hooks.console import Failure, nearest
from pycache_hooks.rules import RULES


def text(code: str) -> str:
    """The rule *code* in a few lines, with an example. Raises Failure for a code that no rule has."""
    found = next((rule for rule in RULES if rule.code == code.upper()), None)
    if found is None:
        raise Failure(f"--explain {code}: no rule has this code{nearest(code.upper(), [rule.code for rule in RULES])}")
    return "\n".join((f"{found.code} ({found.hook}): {found.title}", "", found.why, "", found.link, ""))
