"""AWS CodeBuild: buildspec files.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

from __future__ import annotations

from pycache_hooks.readers import shell
from pycache_hooks.readers.pipelines import (
    CacheUse,
    Job,
    Place,
    documents,
    first_line,
    mapping,
    plain,
    scalar,
    settings,
    texts,
)
from pycache_hooks.readers.systems import CODEBUILD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from pycache_hooks.readers.pipelines import Scripts
    from pycache_hooks.readers.yaml import Map

_HASH = "codebuild-hash-files"


def read(scripts: Scripts, paths: Iterable[str]) -> list[Job]:
    """One job for each buildspec: all of its phases run in one container, which is made for them."""
    return [_job(scripts, path, document) for path in paths for document in documents(scripts.files, path)]


def _job(scripts: Scripts, path: str, document: Map) -> Job:
    about = mapping(document.get("env"))
    job = Job(CODEBUILD, path, document.line, "build", labels=(), persistent=False)
    if "powershell" not in scalar(about.get("shell")):
        place = Place(path, settings(about.get("variables")))
        for phase in mapping(document.get("phases")).values():
            for key in ("commands", "finally"):
                for script in texts(mapping(phase).get(key)):
                    job.runs += scripts.run(script, first_line(script), place)
    about = mapping(document.get("cache"))
    paths = [str(text) for text in texts(about.get("paths"))]
    key = scalar(about.get("key"))
    if paths:
        patterns, constant = _hashed(key)
        line, remedy = about.lines.get("key", about.line), f"key: {plain(key) or '<tool>'}-$({_HASH} <lock>)"
        cache = CacheUse(path, line, "cache", remedy, paths=paths, key=key, patterns=patterns)
        # Without a key the cache is written anew by every build: https://docs.aws.amazon.com/codebuild/latest/userguide/caching-s3.html
        cache.constant = constant and bool(key)
        job.caches.append(cache)
    return job


def _hashed(key: str) -> tuple[list[str], bool]:
    """The patterns of the files that *key* hashes, and whether the rest of it stays the same from build to build."""
    patterns: list[str] = []
    constant = True
    for command in shell.commands(f"echo {key}"):
        if command.words[0] == _HASH:
            patterns += command.words[1:]
        elif command.words[0] != "echo":
            constant = False
    rest = key.replace(f"$({_HASH}", "")
    return patterns, constant and "$" not in rest and "`" not in rest
