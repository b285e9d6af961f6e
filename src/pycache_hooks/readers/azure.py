"""Azure Pipelines, with the templates of the repository.

https://learn.microsoft.com/en-us/azure/devops/pipelines/yaml-schema/
"""

from __future__ import annotations

from pycache_hooks.readers import shell
from pycache_hooks.readers.pipelines import (
    DEEPEST,
    UNSURE,
    CacheUse,
    Job,
    Place,
    Run,
    documents,
    first_line,
    joined,
    mapping,
    options_user,
    scalar,
    settings,
)
from pycache_hooks.readers.systems import AZURE
from pycache_hooks.readers.yaml import List, Map, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pycache_hooks.readers.pipelines import Scripts
    from pycache_hooks.readers.yaml import Value

_SEGMENTS = '"<tool>" | "$(Agent.OS)"'
"""How a key may begin: segments in double quotes are no paths."""

_HOSTED_POOLS = ("azure pipelines", "hosted")
_SET_VARIABLE = "##vso[task.setvariable "
_BASH_TASKS, _CMD_TASK = ("bash", "shellscript"), "cmdline"
_CONSTANT = (
    "Agent.",
    "System.JobName",
    "Build.SourceBranch",
    "Build.DefinitionName",
    "Build.Repository",
    "System.TeamProject",
)
"""How the predefined variables begin that stay the same from run to run of a branch.

https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables
"""

Parameters = dict[str, str]


def read(scripts: Scripts, paths: Iterable[str]) -> list[Job]:
    """The jobs of the pipelines among *paths*: those files that no other one uses as a template."""
    walks: list[_Walk] = []
    used: set[str] = set()
    for path in paths:
        for document in documents(scripts.files, path):
            walk = _Walk(scripts, path)
            walk.pipeline(document)
            walks.append(walk)
            used |= walk.used
    return [job for walk in walks if walk.root not in used for job in walk.jobs]


class _Walk:
    """Goes through one pipeline, and the templates that it uses."""

    def __init__(self, scripts: Scripts, path: str) -> None:
        self.root = path
        self.jobs: list[Job] = []
        self.used: set[str] = set()
        self._scripts = scripts
        self._path = path
        self._depth = 0
        self._parameters: Parameters = {}
        self._open = False  # whether a template from elsewhere was met

    def pipeline(self, document: Map) -> None:
        """Go through a whole file."""
        self._parameters = _defaults(document)
        environment = self._variables(document.get("variables"))
        self._level(document, environment, document.get("pool"))

    def _level(self, holder: Map, environment: dict[str, str], pool: Value) -> None:
        """Go through the stages, jobs or steps that *holder* has, whichever it is."""
        for stage in self._items(holder.get("stages")):
            inner = environment | self._variables(stage.get("variables"))
            self._level(stage, inner, stage.get("pool") or pool)
        for job in self._items(holder.get("jobs")):
            self._job(job, environment | self._variables(job.get("variables")), job.get("pool") or pool)
        if isinstance(holder.get("steps"), List):
            self._job(holder, environment, pool)
        extended = mapping(holder.get("extends"))
        if extended:
            outer = List()
            outer.append(extended)
            for document in self._items(outer, whole=True):
                self._level(document, environment | self._variables(document.get("variables")), pool)

    def _items(self, value: Value, *, whole: bool = False) -> Iterator[Map]:
        """The mappings of a list, in place of a template what is in it; *whole*: the template itself.

        What stands below a condition or a loop (``${{ if ... }}:``) counts.
        """
        for item in value if isinstance(value, List) else ():
            if not isinstance(item, Map) or not self._scripts.afford():
                continue
            inner = [branch for key, branch in item.items() if key.startswith("${{") and isinstance(branch, List)]
            for branch in inner if self._depth < DEEPEST else ():
                self._depth += 1
                yield from self._items(branch, whole=whole)
                self._depth -= 1
            if isinstance(item.get("template"), Text):
                yield from self._template(item, whole=whole)
            elif not inner:
                yield item

    def _template(self, item: Map, *, whole: bool) -> Iterator[Map]:
        path = self._template_path(scalar(item.get("template")))
        if not path or self._depth >= DEEPEST:
            self._open = True
            return
        self.used.add(path)
        before, parameters = self._path, self._parameters
        given = {name: self._filled(value) for name, value in settings(item.get("parameters")).items()}
        self._depth += 1
        for document in documents(self._scripts.files, path):
            self._path, self._parameters = path, _defaults(document) | given
            if whole:
                yield document
            for key in ("stages", "jobs", "steps", "variables") if not whole else ():
                value = document.get(key)
                yield from self._items(_listed(value) if key == "variables" else value)
        self._depth -= 1
        self._path, self._parameters = before, parameters

    def _template_path(self, named: str) -> str:
        """The file of the repository that a ``template:`` names, seen from the file that it stands in."""
        name, at, repository = named.partition("@")
        if at and repository != "self":
            return ""
        folder = "" if name.startswith("/") else self._path.rpartition("/")[0]
        path = joined(folder, name.lstrip("/")) or ""
        return path if self._scripts.files.exists(path) else ""

    def _variables(self, value: Value) -> dict[str, str]:
        """Variables in both forms, by the names that programs see; `UNSURE` among them where others may be set, too."""
        found: dict[str, str] = {}
        self._open = any(isinstance(text, Text) for text in (value if isinstance(value, List) else [value]))
        for item in self._items(_listed(value)):
            name = scalar(item.get("name"))
            if name and "${{" not in name:
                found[name] = scalar(item.get("value"))
            else:
                self._open = True  # a group, or what an expression puts in
        unsure = UNSURE if self._open else {}
        return unsure | {_as_seen(name): self._filled(text) for name, text in found.items()}

    def _filled(self, text: str) -> str:
        """*text* with the parameters that are known."""
        for name, value in self._parameters.items() if "${{" in text else ():
            text = text.replace(f"${{{{ parameters.{name} }}}}", value).replace(f"${{{{parameters.{name}}}}}", value)
        return text

    def _job(self, about: Map, environment: dict[str, str], pool: Value) -> None:
        deployed = "deployment" in about
        name = scalar(about.get("job")) or scalar(about.get("deployment")) or "build"
        labels, persistent = self._pool(pool)
        job = Job(AZURE, self._path, about.line, self._filled(name), labels=labels, persistent=persistent)
        container = about.get("container")
        job.container = scalar(container) or scalar(mapping(container).get("image"))
        job.as_user = options_user(scalar(mapping(container).get("options")).split())
        place = Place(self._path, environment | settings(mapping(container).get("env")), tree=None if deployed else "")
        steps = about.get("steps")
        for hooks in mapping(mapping(about.get("strategy"))).values() if deployed else ():
            steps = mapping(mapping(hooks).get("deploy")).get("steps", steps)
        windows = any("windows" in label.lower() for label in labels)
        self._open = False
        for step in self._items(steps):
            if self._open:
                place.environment = UNSURE | place.environment
            place.path = self._path
            self._step(job, step, place, windows=windows)
        self.jobs.append(job)

    def _pool(self, value: Value) -> tuple[list[str], bool | None]:
        """The name of the pool or of its image, and whether its agents keep their work trees."""
        image = self._filled(scalar(mapping(value).get("vmImage")))
        name = self._filled(scalar(value) or scalar(mapping(value).get("name")))
        if image or not name or name.lower().startswith(_HOSTED_POOLS):
            return [image or name] if image or name else [], False
        return [name], None if "$" in name else True

    def _step(self, job: Job, step: Map, place: Place, *, windows: bool) -> None:
        inputs = mapping(step.get("inputs"))
        task = scalar(step.get("task")).partition("@")[0].lower()
        if "checkout" in step:
            named = scalar(step.get("checkout"))
            place.tree = "" if named == "self" else None if named == "none" else place.tree
            return
        if task == "cache":
            self._cache(job, step, inputs, place)
        here = place.copy()
        here.environment |= {name: self._filled(value) for name, value in settings(step.get("env")).items()}
        directory = scalar(step.get("workingDirectory")) or scalar(inputs.get("workingDirectory"))
        here.directory = joined("", self._filled(directory) or ".")
        script, line = _script(step, task, inputs, windows=windows)
        found: list[Run] = []
        if script:
            found = self._scripts.run(self._filled(script), line, here)
        elif task == "pythonscript":
            file = scalar(inputs.get("scriptPath"))
            given = [file] if file else ["-c", scalar(inputs.get("script"))]
            command = shell.Command(["python", *given], step.lines["task"])
            found = [Run(here, step.lines["task"], command, here.environment)]
        job.runs += found
        for run in found:
            place.environment |= _published(run.command.words)

    def _cache(self, job: Job, step: Map, inputs: Map, place: Place) -> None:
        written = scalar(inputs.get("key"))
        key = self._filled(written)
        path = _expanded(self._filled(scalar(inputs.get("path"))), place.environment)[0]
        patterns, constant = _hashed(key, place.environment)
        line = inputs.lines.get("key", step.lines["task"])
        kept = written if written.isprintable() and "'" not in written else ""
        remedy = f"key: '{kept or _SEGMENTS} | <lock>'"
        cache = CacheUse(place.path, line, "Cache@2", remedy, paths=[path], key=key, patterns=patterns)
        cache.constant = constant
        cache.directory = place.inside("")
        job.caches.append(cache)


def _script(step: Map, task: str, inputs: Map, *, windows: bool) -> tuple[str, int]:
    """What bash is given by *step*, and the line that it begins on; nothing if it is something else that runs."""
    script = scalar(step.get("bash"))
    if not script and not windows:
        script = scalar(step.get("script"))
    if task in _BASH_TASKS or (task == _CMD_TASK and not windows):
        script = scalar(inputs.get("script"))
        file = scalar(inputs.get("filePath")) or scalar(inputs.get("scriptPath"))
        if file and not script:
            return f"bash {file}", step.lines["task"]
    return (script, first_line(script)) if script else ("", 0)


def _listed(variables: Value) -> Value:
    """*variables* as a list, in which templates may stand, too."""
    if not isinstance(variables, Map):
        return variables
    made = List()
    for name, value in variables.items():
        item = Map()
        item["name"], item["value"] = Text(name), value
        made.append(item)
    return made


def _defaults(document: Map) -> Parameters:
    """The parameters that have a default."""
    parameters = document.get("parameters")
    listed = parameters if isinstance(parameters, List) else ()
    found = {scalar(mapping(item).get("name")): mapping(item).get("default") for item in listed}
    return settings(parameters) | {name: str(value) for name, value in found.items() if isinstance(value, Text)}


def _as_seen(name: str) -> str:
    """How a script sees the variable *name*.

    https://learn.microsoft.com/en-us/azure/devops/pipelines/process/variables
    """
    return name.replace(".", "_").replace(" ", "_").upper()


def _published(words: Sequence[str]) -> dict[str, str]:
    """The variables that a command sets for the steps that follow."""
    found = {}
    for word in words:
        for part in word.split(_SET_VARIABLE)[1:]:
            about, _, value = part.partition("]")
            name = about.partition("variable=")[2].partition(";")[0]
            found[_as_seen(name)] = value.partition("\n")[0]
    return found


def _hashed(key: str, environment: dict[str, str]) -> tuple[list[str], bool]:
    """The patterns of *key*'s segments, and whether the others stay the same from run to run.

    What counts as a path: https://github.com/microsoft/azure-pipelines-agent/blob/v4.248.0/src/Agent.Plugins/PipelineCache/FingerprintCreator.cs
    """
    patterns: list[str] = []
    constant = True
    for segment in (part.strip() for part in key.replace("\n", "|").split("|")):
        text, known = _expanded(segment, environment)
        constant = constant and known
        if known and not text.startswith('"') and not text.endswith(".") and set("./\\") & set(text):
            patterns += [pattern.strip() for pattern in text.split(",")]
    return patterns, constant


def _expanded(text: str, environment: dict[str, str]) -> tuple[str, bool]:
    """*text* with its variables expanded, as far as they are known, and whether it is the same in every run of a branch."""
    constant = "${{" not in text and "$[" not in text
    made, *pieces = text.split("$(")
    for piece in pieces:
        name, closed, rest = piece.partition(")")
        value = environment.get(_as_seen(name), f"$({name})")
        constant = constant and bool(closed) and ("$" not in value or name.startswith(_CONSTANT))
        made += value + rest
    return made, constant
