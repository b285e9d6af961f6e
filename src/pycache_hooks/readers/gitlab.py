"""GitLab CI: the project's ``.gitlab-ci.yml``, and what it includes of the repository.

https://docs.gitlab.com/ci/yaml/
"""

from __future__ import annotations

from pycache_hooks.readers import globs, runners
from pycache_hooks.readers.pipelines import (
    DEEPEST,
    UNKNOWN,
    UNSURE,
    CacheUse,
    Job,
    Place,
    Run,
    documents,
    first_line,
    joined,
    mapping,
    plain,
    scalar,
    settings,
    texts,
)
from pycache_hooks.readers.systems import GITLAB
from pycache_hooks.readers.yaml import List, Map, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pycache_hooks.readers.pipelines import Scripts
    from pycache_hooks.readers.yaml import Value

MAIN = ".gitlab-ci.yml"

_NO_JOBS = frozenset(
    "default include stages variables workflow image services cache before_script after_script spec".split()
)
_INHERITED = ("image", "before_script", "after_script", "cache", "tags")
_REFERENCE = "!reference"
_CONSTANT = (
    *("CI_COMMIT_REF", "CI_COMMIT_BRANCH", "CI_JOB_NAME", "CI_JOB_STAGE", "CI_JOB_IMAGE", "CI_PROJECT", "CI_DEFAULT"),
    *("CI_RUNNER_EXECUTABLE", "CI_MERGE_REQUEST_SOURCE", "CI_MERGE_REQUEST_TARGET", "CI_SERVER"),
)
"""How the predefined variables begin that stay the same from pipeline to pipeline of a branch.

https://docs.gitlab.com/ci/variables/predefined_variables/
"""


def read(scripts: Scripts) -> list[Job]:
    """The jobs of the project's pipeline, and of those that it triggers from other files of the repository."""
    pipelines: list[_Pipeline] = []
    waiting, seen = [(MAIN, _Pipeline(scripts))], {MAIN}
    while waiting and len(seen) <= 1000:  # noqa: PLR2004 - no pipeline has as many children
        path, pipeline = waiting.pop()
        pipeline.include(path, 0)
        pipelines.append(pipeline)
        for path, child in pipeline.children():
            if path not in seen:
                seen.add(path)
                waiting.append((path, child))
    jobs = [job for pipeline in pipelines for job in pipeline.jobs()]
    fresh = {tags for pipeline in pipelines for tags in pipeline.fresh()}
    for job in jobs:
        if any(tags.issubset(job.labels) for tags in fresh):
            job.persistent = False
    return jobs


class _Pipeline:
    """One pipeline: what its files come to once they are merged, and which file each value is from.

    *given*: the variables that the job which triggers it hands on. *open_*: files from elsewhere have a part in it.
    """

    def __init__(self, scripts: Scripts, given: Mapping[str, str] | None = None, *, open_: bool = False) -> None:
        self._scripts = scripts
        self._given = given or {}
        self._open = open_
        self._all = Map()
        self._origins: dict[int, str] = {}
        self._kept: list[Map] = []  # alive, as their identities are keys of the above
        self._seen: set[str] = set()
        self._wholes: dict[str, Map] = {}
        self._inheriting: dict[str, Map] = {}

    def include(self, path: str, depth: int) -> None:
        """Merge the file at *path*, behind the files that it includes."""
        if path in self._seen or depth > DEEPEST:
            return
        self._seen.add(path)
        for document in documents(self._scripts.files, path, repeated=True):  # GitLab is written in Ruby
            included = document.get("include")
            self._open = self._open or any(map(_is_elsewhere, _items(included)))
            for name in self._included(included):
                self.include(name, depth + 1)
            self._note(document, path)
            self._all = self._merged(self._all, document)

    def jobs(self) -> list[Job]:
        """The jobs, in order."""
        return [
            self._job(name)
            for name in self._all
            if name not in _NO_JOBS and not name.startswith(".") and self._whole(name).get("script") is not None
        ]

    def fresh(self) -> Iterator[frozenset[str]]:
        """The tags of each job, and of each template of one, whose runner makes a machine for it."""
        for name in self._all:
            value = self._inherited(name) if name not in _NO_JOBS else Map()
            tags = frozenset(str(tag) for tag in self._lines(value.get("tags")))
            if tags and self._is_fresh(value):
                yield tags

    def _is_fresh(self, value: Map) -> bool:
        return runners.is_fresh_on_gitlab(self._environment(value)) or "kubernetes" in mapping(value.get("image"))

    def children(self) -> Iterator[tuple[str, _Pipeline]]:
        """The files of the repository that jobs start other pipelines from, and these.

        What they are given: https://docs.gitlab.com/ci/yaml/#triggerforward
        """
        for name, value in self._all.items():
            trigger = mapping(mapping(value).get("trigger"))
            hands_on = mapping(trigger.get("forward")).get("yaml_variables") != "false"
            for path in self._included(trigger.get("include")):
                given = self._environment(self._whole(name)) if hands_on else {}
                yield path, _Pipeline(self._scripts, given, open_=self._open)

    def _included(self, value: Value) -> list[str]:
        """The files of the repository that an ``include:`` names."""
        named: list[str] = []
        for item in _items(value):
            local = item.get("local") if isinstance(item, Map) else item
            if isinstance(local, Text) and "://" not in local:
                named.append(local.lstrip("/"))
        files = self._scripts.files
        exact = [path for name in named if (path := joined("", name)) and path != UNKNOWN]
        return exact + [path for name in named if "*" in name for path in globs.matching(files, name)]

    def _note(self, document: Map, path: str) -> None:
        """Remember that the values of *document* are from *path*."""
        waiting: list[Value] = [document]
        while waiting:
            value = waiting.pop()
            if value is not None and id(value) not in self._origins:
                self._origins[id(value)] = path
                if not isinstance(value, Text):
                    waiting.extend(value.values() if isinstance(value, Map) else value)

    def _merged(self, below: Map, above: Map, depth: int = 0) -> Map:
        """*above* laid over *below*, key by key as deep as both have mappings."""
        if not self._scripts.afford(len(below) + len(above)):
            return above
        made = Map(above.line)
        for source in (below, above):
            for key, value in source.items():
                old = made.get(key)
                if isinstance(old, Map) and isinstance(value, Map) and depth < DEEPEST:
                    value = self._merged(old, value, depth + 1)  # noqa: PLW2901 - in its place
                made[key] = value
                made.lines[key] = source.lines[key]
        self._origins[id(made)] = self._origin(above)
        self._kept.append(made)
        return made

    def _origin(self, value: Value) -> str:
        return self._origins.get(id(value), MAIN)

    def _whole(self, name: str) -> Map:
        """The job *name* with what it extends."""
        if name not in self._wholes:
            own = self._wholes[name] = mapping(self._all.get(name))  # for a ring: a job that extends itself
            above = Map()
            for parent in texts(own.get("extends")):
                above = self._merged(above, self._whole(parent))
            self._wholes[name] = self._merged(above, own) if above else own
        return self._wholes[name]

    def _inherited(self, name: str) -> Map:
        """The job *name* with what it extends, and with the defaults for the rest."""
        if name not in self._inheriting:
            value = self._whole(name)
            default = mapping(self._all.get("default"))
            if mapping(value.get("inherit")).get("default") != "false":
                for key in _INHERITED:
                    if key not in value and (key in default or key in self._all):
                        value = self._merged(Map(), value)
                        value[key] = default.get(key, self._all.get(key))
                        value.lines[key] = 0
            self._inheriting[name] = value
        return self._inheriting[name]

    def _environment(self, value: Map) -> dict[str, str]:
        """The variables of a job, its own and those for all."""
        shared = self._all.get("variables") if mapping(value.get("inherit")).get("variables") != "false" else None
        unsure = UNSURE if self._open else {}
        return unsure | self._variables(shared) | self._variables(value.get("variables"))

    def _job(self, name: str) -> Job:
        value = self._inherited(name)
        environment = {**self._environment(value), **self._given}
        tags = [str(tag) for tag in self._lines(value.get("tags"))]
        persistent = None if self._open else runners.keeps_its_tree_on_gitlab(tags)
        persistent = False if self._is_fresh(value) else persistent
        job = Job(GITLAB, self._origin(value), self._all.lines[name], name, labels=tags, persistent=persistent)
        image = value.get("image")
        job.container = scalar(image) or scalar(mapping(image).get("name"))
        fetched = environment.get("GIT_STRATEGY") not in ("none", "empty")
        place = Place(job.path, environment, tree="" if fetched else None)
        script = [*self._lines(value.get("before_script")), *self._lines(value.get("script"))]
        if not _is_powershell(tags, script):
            job.runs += self._runs(script, place)
            job.runs += self._runs(
                self._lines(value.get("after_script")), Place(job.path, environment, tree=place.tree)
            )
        self._caches(job, self._resolved(value.get("cache")), environment)
        return job

    def _runs(self, lines: list[Text], place: Place) -> list[Run]:
        """What one shell runs that is given *lines* one after another."""
        found: list[Run] = []
        for line in lines:
            place.path = self._origin(line)
            found += self._scripts.run(line, first_line(line), place)
        return found

    def _variables(self, value: Value) -> dict[str, str]:
        about = mapping(self._resolved(value))
        described = {name: scalar(item.get("value")) for name, item in about.items() if isinstance(item, Map)}
        return settings(about) | described

    def _resolved(self, value: Value) -> Value:
        """*value*, or what a ``!reference`` stands for."""
        for _ in range(DEEPEST):
            if not isinstance(value, List) or value.tag != _REFERENCE:
                break
            names = texts(value)
            value = self._whole(names[0]) if names else None
            for name in names[1:]:
                value = mapping(value).get(name)
        return None if isinstance(value, List) and value.tag == _REFERENCE else value

    def _lines(self, value: Value, depth: int = 0) -> list[Text]:
        """The scalars of *value*, and of the lists that it refers to."""
        value = self._resolved(value)
        if isinstance(value, Text):
            return [value]
        if not isinstance(value, List) or depth > DEEPEST or not self._scripts.afford(len(value)):
            return []
        return [line for item in value for line in self._lines(item, depth + 1)]

    def _caches(self, job: Job, value: Value, environment: dict[str, str]) -> None:
        for cache in value if isinstance(value, List) else [value]:
            about = mapping(self._resolved(cache))
            paths = [_expanded(text, environment)[0] for text in self._lines(about.get("paths"))]
            if not paths or about.get("policy") == "pull":
                continue  # a job that only reads it has not chosen what is in it
            key = about.get("key")
            patterns = [str(text) for text in texts(mapping(key).get("files") or mapping(key).get("files_commits"))]
            line = about.lines.get("key", about.line)
            written = scalar(key) or scalar(mapping(key).get("prefix"))
            name, constant = _expanded(written, environment)
            remedy = _remedy(written, patterns)
            made = CacheUse(self._origin(about), line, "cache", remedy, paths=paths, key=name, patterns=patterns)
            made.instead = _remedy(written, [])
            made.constant = constant
            job.caches.append(made)


def _is_powershell(tags: list[str], script: list[Text]) -> bool:
    """Whether *script* is no shell script: what a runner on Windows is given, as far as tags and script tell."""
    return any("windows" in tag.lower() for tag in tags) or any("$env:" in line.lower() for line in script)


def _items(value: Value) -> list[Value]:
    return list(value) if isinstance(value, List) else [value]


def _is_elsewhere(included: Value) -> bool:
    """Whether an item of ``include:`` names a file that is not in the repository, or nobody knows which one.

    GitLab's own templates set nothing of Python's: https://gitlab.com/gitlab-org/gitlab/-/tree/master/lib/gitlab/ci/templates
    """
    if isinstance(included, Map):
        if "template" in included:
            return False
        included = included.get("local", Text("://"))
    return isinstance(included, Text) and ("://" in included or "$" in included)


def _remedy(prefix: str, patterns: list[str]) -> str:
    """A key with the lock file that keeps its *prefix*, and the first of its *patterns*: GitLab hashes two files at most."""
    kept = f', prefix: "{prefix}"' if plain(prefix) and not set('"\\') & set(prefix) else ""
    return f"key: {{files: [{', '.join([*patterns[:1], '<lock>'])}]{kept}}}"


def _expanded(text: str, environment: dict[str, str]) -> tuple[str, bool]:
    """*text* with its variables expanded, as far as they are known, and whether it is the same in every pipeline of a branch."""
    constant = True
    pieces = text.replace("${", "$").split("$")
    made = pieces[0]
    for piece in pieces[1:]:
        end = next((at for at, char in enumerate(piece) if not (char.isalnum() or char == "_")), len(piece))
        name, rest = piece[:end], piece[end:].removeprefix("}")
        value = environment.get(name, f"${name}")
        constant = constant and ("$" not in value or name.startswith(_CONSTANT))
        made += value + rest
    return made, constant
