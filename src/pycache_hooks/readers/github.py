"""GitHub's workflows and the composite actions of the repository.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

from pycache_hooks.readers import runners, shell, systems
from pycache_hooks.readers.pipelines import (
    DEEPEST,
    UNKNOWN,
    CacheUse,
    Job,
    Place,
    Run,
    documents,
    first_line,
    joined,
    mapping,
    options_user,
    plain,
    scalar,
    settings,
    texts,
)
from pycache_hooks.readers.systems import GITHUB
from pycache_hooks.readers.yaml import List, Map, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from pycache_hooks.readers.pipelines import Scripts
    from pycache_hooks.readers.yaml import Value

_WORKFLOWS = ".github/workflows/"
_ACTIONS = ".github/actions/"

_CACHE_ACTIONS = (
    "actions/cache",
    "actions/cache/restore",
    "actions/cache/save",
    "buildjet/cache",
    "useblacksmith/cache",
)

_SETUP_PYTHON = {
    "pip": ("**/requirements.txt", "**/pyproject.toml"),
    "pipenv": ("**/Pipfile.lock",),
    "poetry": ("**/poetry.lock",),
}
"""What the keys of actions/setup-python hash unless told otherwise; pip's second pattern counts where the first finds nothing.

https://github.com/actions/setup-python/blob/v6.0.0/src/cache-distributions/pip-cache.ts
"""

_SETUP_UV = (
    "**/*requirements*.txt",
    "**/*requirements*.in",
    "**/*constraints*.txt",
    "**/*constraints*.in",
    "**/pyproject.toml",
    "**/uv.lock",
    "**/*.py.lock",
)
"""What the key of astral-sh/setup-uv hashes unless told otherwise: https://github.com/astral-sh/setup-uv/blob/main/action.yml"""

_CONSTANT = (
    *("runner.", "matrix.", "strategy.", "job.", "env.", "github.workflow", "github.job", "github.repository"),
    *("github.ref", "github.head_ref", "github.base_ref", "github.event_name", "github.actor", "github.workspace"),
)
"""How the names begin that stay the same from run to run, or take turns among few values."""

_FUNCTIONS = frozenset("format join tojson fromjson contains startswith endswith true false null".split())
_VARYING = ("github.event_name", "github.ref", "github.base_ref", "github.head_ref", "matrix.")
"""How the names begin that differ from run to run, or from job to job, of every copy of a repository."""

_FEW = 50
"""Labels of one runner, and runners of one job, that are looked at."""

_VERSION = ".outputs.python-version"


def read(scripts: Scripts, paths: Iterable[str], *, alone: bool) -> list[Job]:
    """The jobs of the workflows among *paths*; *alone*: with those actions among them that no workflow uses."""
    used: set[str] = set()
    jobs: list[Job] = []
    actions = []
    for path in paths:
        if path.startswith(_WORKFLOWS):
            for document in documents(scripts.files, path):
                jobs += _workflow(scripts, path, document, used)
        elif path.startswith(_ACTIONS):
            actions.append(path)
    for path in actions if alone else ():
        if path not in used:
            job = Job(GITHUB, path, 1, "", labels=(), persistent=None)
            _Walk(scripts, job, Place(path, {}), "", used).action(path)
            jobs.append(job)
    return jobs


def _workflow(scripts: Scripts, path: str, document: Map, used: set[str]) -> list[Job]:
    jobs = []
    defaults = _defaults(document)
    own = _own_by_default(document)
    for name, value in mapping(document.get("jobs")).items():
        if not isinstance(value, Map) or not isinstance(value.get("steps"), List) or _is_off(value):
            continue  # a reusable workflow has its jobs elsewhere
        sets = _label_sets(value.get("runs-on"), mapping(mapping(value.get("strategy")).get("matrix")), own)
        labels, persistent = _runner(sets)
        line = mapping(document.get("jobs")).lines[name]
        job = Job(GITHUB, path, line, name, labels=labels, persistent=persistent)
        environment = _container(job, value.get("container"))
        environment |= settings(document.get("env")) | settings(value.get("env"))
        windows = bool(sets) and all(any("windows" in label.lower() for label in labels) for labels in sets)
        shell_name, directory = (own or given for own, given in zip(_defaults(value), defaults, strict=True))
        place = Place(path, environment, tree=None)
        walk = _Walk(scripts, job, place, shell_name or ("pwsh" if windows else ""), used)
        walk.working_directory = directory
        walk.steps(value.get("steps"))
        jobs.append(job)
    return jobs


def _is_off(holder: Map) -> bool:
    """Whether a job or a step never runs."""
    return scalar(holder.get("if")).removeprefix("${{").removesuffix("}}").strip() == "false"


def _defaults(holder: Map) -> tuple[str, str]:
    """The shell and the working directory that ``defaults:`` names."""
    run = mapping(mapping(holder.get("defaults")).get("run"))
    return scalar(run.get("shell")), scalar(run.get("working-directory"))


def _container(job: Job, value: Value) -> dict[str, str]:
    """Note the container of *job*. Returns the variables that it sets."""
    about = mapping(value)
    job.container = scalar(about.get("image")) or scalar(value)
    options = [word for command in shell.commands(scalar(about.get("options"))) for word in command.words]
    job.as_user = options_user(options)
    pairs = (
        word.removeprefix("--env=").partition("=")
        for before, word in zip(["", *options], options, strict=False)
        if before in ("-e", "--env") or word.startswith("--env=")
    )
    return settings(about.get("env")) | {name: value for name, equals, value in pairs if equals}


class _Walk:
    """Goes through the steps of *job* in order, from *place* on. *used*: the actions of the repository that were met."""

    def __init__(self, scripts: Scripts, job: Job, place: Place, shell_name: str, used: set[str]) -> None:
        self.scripts = scripts
        self.job = job
        self.place = place
        self.shell = shell_name
        self.working_directory = ""
        self._used = used
        self._within: list[str] = []

    def steps(self, value: Value) -> None:
        """Go through a list of steps."""
        for step in value if isinstance(value, List) else ():
            if isinstance(step, Map) and not _is_off(step) and self.scripts.afford():
                if isinstance(step.get("run"), Text):
                    self._run(step, scalar(step.get("run")))
                elif isinstance(step.get("uses"), Text):
                    self._uses(step, scalar(step.get("uses")))

    def action(self, path: str) -> None:
        """Go through the steps of the composite action at *path*."""
        self._used.add(path)
        if path in self._within or len(self._within) >= DEEPEST:
            return
        self._within.append(path)
        for document in documents(self.scripts.files, path):
            runs = mapping(document.get("runs"))
            if runs.get("using") == "composite":
                before, self.place.path = self.place.path, path
                kept, self.working_directory = self.working_directory, ""
                self.steps(runs.get("steps"))
                self.place.path, self.working_directory = before, kept
        self._within.pop()

    def _run(self, step: Map, script: Text) -> None:
        here = self.place.copy()
        here.environment |= settings(step.get("env"))
        here.directory = joined("", scalar(step.get("working-directory")) or self.working_directory or ".")
        name = " ".join((scalar(step.get("shell")) or self.shell).split()[:1]) or "bash"
        program = name.rpartition("/")[2]
        if program in shell.SHELLS:
            found = self.scripts.run(script, first_line(script), here)
            self.job.runs += found
            self._publish(found, script)
        elif program.startswith("python"):
            command = shell.Command([name, "-c", script], first_line(script))
            self.job.runs.append(Run(here, script.line, command, here.environment))
        elif "GITHUB_ENV" in script:
            self.place.environment |= _assignments(script)

    def _publish(self, found: Sequence[Run], script: str) -> None:
        """Take over what the commands *found* write to ``$GITHUB_ENV``, for the steps that follow."""
        for run in found:
            if any("GITHUB_ENV" in target for target in run.command.outputs) or _is_tee(run.command):
                plain = run.command.words[0] in ("echo", "printf")
                written = " ".join(run.command.words[1:]) if plain else script
                self.place.environment |= _assignments(written)

    def _uses(self, step: Map, uses: Text) -> None:
        name = uses.partition("@")[0].lower().rstrip("/")
        given = mapping(step.get("with"))
        line = step.lines["uses"]
        if uses.startswith("./"):
            folder = self.place.inside(joined("", uses))
            for file in systems.ACTIONS if folder not in (None, UNKNOWN) else ():
                path = f"{folder}/{file}".lstrip("/")
                if self.scripts.files.exists(path):
                    self.action(path)
                    break
        elif name == "actions/checkout":
            self._checkout(given)
        elif name in _CACHE_ACTIONS:
            self._cache(line, name, given)
        elif name == "actions/setup-python":
            self._setup_python(line, given)
        elif name == "astral-sh/setup-uv":
            self._setup_uv(line, given)

    def _checkout(self, given: Map) -> None:
        repository = scalar(given.get("repository"))
        path = scalar(given.get("path"))
        if repository and repository.replace(" ", "") != "${{github.repository}}":
            if not path:
                self.place.tree = None  # somebody else's files, in the place of ours
            return
        if scalar(given.get("clean")).lower() == "false" and self.place.tree is None and not self.job.unclean:
            self.job.unclean.append((self.place.path, given.lines["clean"]))
        self.place.tree = joined("", path or ".")

    def _cache(self, line: int, name: str, given: Map) -> None:
        written = scalar(given.get("key"))
        key = self._expanded(written)
        remedy = f"key: {plain(written) or '<tool>-${{ runner.os }}'}-${{{{ hashFiles('<lock>') }}}}"
        patterns, constant = hashed(key)
        paths = self._expanded(scalar(given.get("path"))).splitlines()
        cache = CacheUse(self.place.path, given.lines.get("key", line), name, remedy, key=key, patterns=patterns)
        cache.paths = [path.strip() for path in paths if path.strip()]
        cache.instead = f"key: {_rehashed(written)}" if plain(written) and patterns else ""
        self._keep(cache, constant=constant)

    def _setup_python(self, line: int, given: Map) -> None:
        tool = scalar(given.get("cache"))
        if tool in _SETUP_PYTHON:
            named = scalar(given.get("cache-dependency-path"))
            patterns = named.splitlines() if named else list(_SETUP_PYTHON[tool])
            if named and tool == "pip":
                patterns.append(_SETUP_PYTHON["pip"][1])
            line = given.lines.get("cache-dependency-path", given.lines["cache"])
            remedy = _remedy("cache-dependency-path", named)
            cache = CacheUse(self.place.path, line, "actions/setup-python", remedy, patterns=patterns, tool=tool)
            cache.instead = _remedy("cache-dependency-path", "")
            self._keep(cache)

    def _setup_uv(self, line: int, given: Map) -> None:
        enabled = scalar(given.get("enable-cache")).lower()
        named = "cache-dependency-glob" in given
        if enabled == "true" or (named and enabled in ("", "auto")):
            globs = scalar(given.get("cache-dependency-glob"))
            patterns = globs.splitlines() if named else _SETUP_UV
            line = given.lines.get("cache-dependency-glob", given.lines.get("enable-cache", line))
            remedy = _remedy("cache-dependency-glob", globs)
            cache = CacheUse(self.place.path, line, "astral-sh/setup-uv", remedy, patterns=patterns, tool="uv")
            cache.instead = _remedy("cache-dependency-glob", "")
            self._keep(cache, scalar(given.get("working-directory")) or ".")

    def _keep(self, cache: CacheUse, directory: str = ".", *, constant: bool = True) -> None:
        """Add *cache*, whose patterns are relative to *directory*."""
        cache.patterns = [pattern.strip() for pattern in cache.patterns if pattern.strip()]
        cache.constant = constant and not any("${{" in pattern for pattern in cache.patterns)
        where = self.place.inside(joined("", directory))
        cache.directory = None if where == UNKNOWN else where
        self.job.caches.append(cache)

    def _expanded(self, value: str) -> str:
        """*value* with the variables that are known in place of ``${{ env.NAME }}``."""
        for expression in _expressions(value):
            name = expression.strip().removeprefix("env.")
            found = self.place.environment.get(name) if name != expression.strip() else None
            if found is not None:
                value = value.replace(f"${{{{{expression}}}}}", found)
        return value


def _remedy(name: str, value: str) -> str:
    """The input *name* with the lock file behind what its *value* lists."""
    patterns = [line.strip() for line in value.splitlines() if line.strip()]
    return "\n  ".join([f"{name}: |", *patterns, "<lock>"]) if patterns else f"{name}: <lock>"


def _rehashed(key: str) -> str:
    """*key* with ``<lock>`` as all that it hashes: in the place of the first file, or else behind it."""
    hashing = [f"${{{{{expression}}}}}" for expression in _expressions(key) if "hashfiles" in _tokens(expression)[0]]
    lock = "${{ hashFiles('<lock>') }}"
    made = key.replace(hashing[0], lock, 1) if hashing else f"{key}-{lock}"
    for expression in hashing:
        made = made.replace(f"-{expression}", "").replace(expression, "")
    return made


def hashed(key: str) -> tuple[list[str], bool]:
    """The patterns of the files that *key* hashes, and whether the rest of it stays the same from run to run."""
    patterns: list[str] = []
    constant = "`" not in key and "$(" not in key
    for expression in _expressions(key):
        names, strings = _tokens(expression)
        hashing = "hashfiles" in names
        patterns += strings if hashing else []
        # A pattern that is put together, or other names beside literal ones: what is hashed is not known.
        if (hashing and "format" in names) or not all(_is_constant(name) for name in names if name != "hashfiles"):
            constant = False
    return patterns, constant


def _expressions(value: str) -> list[str]:
    """What stands in ``${{ }}``."""
    return [part.partition("}}")[0] for part in value.split("${{")[1:]]


def _tokens(expression: str) -> tuple[list[str], list[str]]:
    """The names of *expression*, in lower case, and its strings."""
    pieces = expression.replace("''", "\0").split("'")
    outside = "".join(char if char.isalnum() or char in "._-*" else " " for char in " ' ".join(pieces[::2]))
    names = [name.lower() for name in outside.split() if name[0].isalpha()]
    return names, [piece.replace("\0", "'") for piece in pieces[1::2]]


def _is_constant(name: str) -> bool:
    return name.startswith(_CONSTANT) or name in _FUNCTIONS or name.endswith(_VERSION)


def _assignments(text: str) -> dict[str, str]:
    """Every ``NAME=value`` of *text*."""
    pairs = (word.partition("=") for word in text.replace('"', " ").replace("'", " ").replace("\\n", " ").split())
    return {name: value for name, equals, value in pairs if equals and shell.is_name(name)}


def _is_tee(command: shell.Command) -> bool:
    return command.words[0] == "tee" and any("GITHUB_ENV" in word for word in command.words)


def _own_by_default(document: Map) -> frozenset[str]:
    """The inputs of a workflow that choose a self-hosted runner if nobody says otherwise, as an expression names them."""
    events = [mapping(event) for event in mapping(document.get("on")).values()]
    inputs = (item for event in events for item in mapping(event.get("inputs")).items())
    return frozenset(
        f"inputs.{name}" for name, about in inputs if runners.SELF_HOSTED in scalar(mapping(about).get("default"))
    )


def _label_sets(value: Value, matrix: Map, own: Container[str]) -> list[list[str]]:
    """The labels of ``runs-on``, once for each runner that the *matrix* chooses. Empty: nobody knows.

    *own*: the inputs that stand for a self-hosted runner.
    """
    if isinstance(value, Map):
        value = value.get("labels")
    if isinstance(value, Text):
        return _chosen(value, matrix, own)
    labels = texts(value)[:_FEW]
    sets: list[list[str]] = [[]] if labels else []
    for label in labels:
        choices = _chosen(label, matrix, own) or [[label]]
        sets = [[*labels, *choice] for labels in sets[:_FEW] for choice in choices[:_FEW]]
    return sets


def _chosen(label: Text, matrix: Map, own: Container[str]) -> list[list[str]]:
    """The labels that *label* may come to."""
    if "${{" not in label:
        return [[label]]
    expression = label.strip().removeprefix("${{").removesuffix("}}").strip()
    if expression.removeprefix("fromJSON(").removesuffix(")") in own:
        return [[runners.SELF_HOSTED]]
    name = expression.removeprefix("matrix.")
    if name == expression or not name.replace("-", "_").isidentifier():
        pieces = expression.split("'")
        literals = [
            string
            for before, string in zip(pieces[::2], pieces[1::2], strict=False)
            if not before.rstrip().endswith("=")  # what something is compared with
        ]
        alone = any(runners.SELF_HOSTED in string for string in literals)
        hosted = any(runners.names_hosted(string) for string in literals)
        # In one copy of the repository this runner, in another that one: nobody knows which counts, unless both come up in all.
        both = all(part.startswith(_VARYING) or part in _FUNCTIONS for part in _tokens(expression)[0])
        return [[runners.SELF_HOSTED]] if alone and (both or not hosted) else [[label]]
    values = [*_items(matrix.get(name)), *(mapping(row).get(name) for row in _items(matrix.get("include")))]
    return [[str(text) for text in texts(value)] for value in values if value is not None] or [[label]]


def _items(value: Value) -> list[Value]:
    return list(value) if isinstance(value, List) else []


def _runner(sets: Sequence[Sequence[str]]) -> tuple[list[str], bool | None]:
    """The labels to name in a message, and whether a runner with them keeps its work tree."""
    judged = [(list(labels), runners.keeps_its_tree(labels)) for labels in sets]
    for wanted in (True, None):
        for labels, persistent in judged:
            if persistent is wanted:
                return labels, wanted
    return (judged[0][0], False) if judged else ([], None)
