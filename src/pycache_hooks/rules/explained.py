"""What ``--explain`` prints about a rule."""

from __future__ import annotations

from pycache_hooks.console import Failure, nearest
from pycache_hooks.report import sized
from pycache_hooks.rules import RULES
from pycache_hooks.rules.examples import EXAMPLES, Tree


def text(code: str) -> str:
    """The rule *code*: what it reports, why, and an example. Raises Failure for a code that no rule has."""
    found = next((rule for rule in RULES if rule.code == code.upper()), None)
    if found is None:
        raise Failure(f"--explain {code}: no rule has this code{nearest(code.upper(), [rule.code for rule in RULES])}")
    example = EXAMPLES[found.code]
    parts = [f"{found.code} ({found.hook}): {found.title}", f"{found.why}\n{found.link}"]
    if example.wrong != example.right:
        parts += [_tree("Wrong:", example.wrong, example.right), _tree("Right:", example.right, example.wrong)]
    if example.options:
        parts.append(f"With {' '.join(example.options)}.")
    if example.note:
        parts.append(example.note)
    return "\n\n".join(parts) + "\n"


def _tree(title: str, files: Tree, others: Tree) -> str:
    """Those of *files* that are not the same in *others*, with what they say."""
    lines = [title]
    for path, content in files.items():
        if others.get(path) != content:
            is_text = isinstance(content, str)
            lines.append(f"  {path}" if is_text else f"  {path} ({sized(len(content))})")
            lines += [f"    {line}".rstrip() for line in content.splitlines()] if isinstance(content, str) else []
    return "\n".join(lines)
