"""The forms for programs: annotations of GitHub Actions, JSON, and SARIF."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pycache_hooks import report, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pycache_hooks.findings import Finding

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_VERSION = "2.1.0"

_RULES = {rule.code: rule for rule in rules.RULES}


def _github(findings: Sequence[Finding]) -> None:
    """Print workflow commands: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands."""
    for finding in findings:
        line = "" if finding.line is None else f",line={finding.line}"
        head = f"::error title={finding.code},file={_property(_text(report.printable(finding.path)))}{line}::"
        label = "fixed" if finding.fixed else "fix"
        said = f"{report.place(finding)}: {finding.code} {report.printable(finding.message)}"
        fix = f"\n{label}: {finding.fix}" if finding.fix else ""
        report.say(head + _data(_text(said + fix)))


def _json(findings: Sequence[Finding]) -> None:
    """Print an array with an object for each finding."""
    listed = [
        {
            "path": _text(finding.path),
            "line": finding.line,
            "code": finding.code,
            "hook": _RULES[finding.code].hook,
            "message": _text(finding.message),
            "fix": _text(finding.fix),
            "fixed": finding.fixed,
            "link": _RULES[finding.code].link,
        }
        for finding in findings
    ]
    report.say(json.dumps(listed, indent=2))


def _sarif(findings: Sequence[Finding]) -> None:
    """Print a log of one run, as https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html has it."""
    found = [_RULES[code] for code in sorted({finding.code for finding in findings})]
    driver = {
        "name": "pycache-hooks",
        "rules": [
            {
                "id": rule.code,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.why},
                "helpUri": rule.link,
            }
            for rule in found
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each) for each in findings],
    }
    report.say(json.dumps({"$schema": _SCHEMA, "version": _VERSION, "runs": [run]}, indent=2))


def _result(finding: Finding) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(os.fsencode(finding.path))}}
    if finding.line is not None:
        place["region"] = {"startLine": finding.line}
    label = "fixed" if finding.fixed else "fix"
    message = f"{finding.message}\n{label}: {finding.fix}" if finding.fix else finding.message
    return {
        "ruleId": finding.code,
        "level": "error",
        "message": {"text": _text(message)},
        "locations": [{"physicalLocation": place}],
    }


def _text(text: str) -> str:
    """*text* with bytes that are not text escaped, as no consumer can decode them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMS: dict[str, Callable[[Sequence[Finding]], None]] = {"github": _github, "json": _json, "sarif": _sarif}
