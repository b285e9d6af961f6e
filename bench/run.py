"""Measure the hooks against their peers, and print the table: ``python3 bench/run.py``.

Everything is made in the directory of --work and kept there: a virtual environment with the project as it is now and
with its peers from PyPI, and synthetic repositories. Needs a POSIX system, git, and Python 3.11 with venv.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import programs
import table
import trees
from measure import Command, Measured, ratio, side_by_side
from table import Growth, Growths, Results, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Work = tuple[Callable[[], object], Callable[[], object]]
    """What is done before a command, and after it: see `Command`."""

RESULTS = Path(__file__).with_name("RESULTS.md")
MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux has a file system in memory
ROOM = 10_000
"""Bytes that a file of a tree takes there, and more."""

FORBID, PRUNE = "forbid-pycache", "prune-pycache"
GITIGNORE, DOCKERIGNORE = "check-pycache-gitignore", "check-pycache-dockerignore"
CHECK, RUN = "check-pycache", "run-without-pycache"
DOCKERFILE, COMPOSE, CI, PYTEST = (f"{CHECK}-{name}" for name in ("dockerfile", "compose", "ci", "pytest"))
SINGLE = (FORBID, GITIGNORE, DOCKERIGNORE, DOCKERFILE, COMPOSE, CI, PYTEST)
"""The hooks whose checks are those of check-pycache."""

HADOLINT, SCHEMA = "hadolint", "check-jsonschema"
EMPTY = "an empty console script"
LARGE = "check-added-large-files"
FIND = "find . -name __pycache__ -type d -prune -exec rm -rf {} +"
LISTING = "git ls-files -z"
BARE = "python -c pass"
LARGER = "pre-commit --version"
"""A program that imports much."""


@dataclass(frozen=True)
class Sizes:
    """How much is made, in files, and how often everything is run, in rounds.

    *large*: rounds in the large tree, and through pre-commit; *deleting*: there with something to delete; *slowest*: with
    pyclean and cleanpy. *million*: files of --full. *configured*: files of a repository with *products*, and with as many
    as each of *growing* says.
    """

    repositories: tuple[int, ...] = (1_000, 10_000, 100_000)
    environment: int = 20_000
    modules: int = 30_000
    caches: int = 2_000
    names: tuple[int, ...] = (10, 100)
    rounds: int = 25
    large: int = 15
    deleting: int = 7
    slowest: int = 3
    million: int = 1_000_000
    configured: int = 10_000
    products: int = 5
    growing: tuple[int, ...] = (2, 20, 200)


QUICK = Sizes((40, 80, 160), 40, 60, 8, (5, 10), 2, 2, 2, 2, 2_000, 80, 1, (1, 2, 4))


@dataclass
class Bench:
    """What every part of the run needs; *results* is what they add to."""

    work: Path
    memory: Path | None
    sizes: Sizes
    variables: Mapping[str, str]
    results: Results

    def measure(self, commands: Sequence[Command], rounds: int) -> dict[str, Measured]:
        """Run *commands* side by side, and say so."""
        progress(f"{rounds} rounds of {len(commands)} commands, the first in {commands[0].cwd.name}")
        return side_by_side(commands, rounds, self.variables)

    def compare(
        self, what: str, ours: Measured, against: str, theirs: Sequence[Measured], limit: float | None = None
    ) -> None:
        """Add a row: *ours*, named by *what*, against the sum of *theirs*."""
        failures = [failure for failure in (ours.failure, *(other.failure for other in theirs)) if failure]
        peak = max(other.peak for other in theirs)
        if failures:
            row = Row(what, ours, against, 0, peak, None, limit, failures[0])
        else:
            sums = [sum(seconds) for seconds in zip(*(other.seconds for other in theirs), strict=True)]
            total = sum(other.milliseconds for other in theirs)
            row = Row(what, ours, against, total, peak, ratio(ours.seconds, sums), limit)
        self.results.rows.append(row)


def repositories(bench: Bench) -> None:
    """Every hook in repositories of several sizes: against an empty script, git, and check-added-large-files."""
    sizes, commands = bench.sizes.repositories, []
    for size in sizes:
        root = trees.repository(bench.work / f"repository-{size}", size, bench.variables)
        tracked = [path for path in trees.paths(size) if path.endswith(".py")]
        lines = {
            programs.EMPTY: [programs.EMPTY],
            BARE: ["python", "-c", "pass"],
            LISTING: ["git", "ls-files", "-z"],
            LARGE: [LARGE, trees.STAGED],
            FORBID: [FORBID, trees.STAGED],
            f"{FORBID} (no names)": [FORBID],
            f"{FORBID} --all": [FORBID, "--all"],
            PRUNE: [PRUNE],
            GITIGNORE: [GITIGNORE],
            DOCKERIGNORE: [DOCKERIGNORE],
        }
        if size == sizes[0]:
            lines |= {f"{FORBID} {number}": [FORBID, *tracked[:number]] for number in bench.sizes.names}
        commands += [Command(f"{size} {label}", line, root) for label, line in lines.items()]
    measured = bench.measure(commands, bench.sizes.rounds)

    def of(label: str, size: int = sizes[0]) -> Measured:
        return measured[f"{size} {label}"]

    small = f"{sizes[0]:,} files"
    for number in bench.sizes.names:
        bench.compare(
            f"`{FORBID}`, {number} file names; {small}", of(f"{FORBID} {number}"), EMPTY, [of(programs.EMPTY)], 1.3
        )
    bench.compare(f"`{FORBID}`, no file names; {small}", of(f"{FORBID} (no names)"), EMPTY, [of(programs.EMPTY)])
    for hook, limit in ((PRUNE, 1.8), (GITIGNORE, 1.8), (DOCKERIGNORE, 2.5)):
        bench.compare(f"`{hook}`; {small}", of(hook), EMPTY, [of(programs.EMPTY)], limit)
    large = sizes[-1]
    whole = [of(LISTING, large), of(BARE, large)]
    bench.compare(f"`{GITIGNORE}`; {large:,} files", of(GITIGNORE, large), f"`{LISTING}` and `{BARE}`", whole, 2)
    for size in sizes:
        for hook in (FORBID, PRUNE, GITIGNORE, DOCKERIGNORE):
            what = f"`{hook}`, one file staged; {size:,} files"
            bench.compare(what, of(hook, size), f"`{LARGE}`", [of(LARGE, size)], None if size == large else 1)
    hooks = (FORBID, f"{FORBID} (no names)", f"{FORBID} --all", PRUNE, GITIGNORE, DOCKERIGNORE, LARGE, LISTING)
    growing = [Growth(f"`{hook}`", [of(hook, size) for size in sizes]) for hook in hooks]
    bench.results.growths.append(Growths("tracked files", sizes, growing))


def running(bench: Bench) -> None:
    """run-without-pycache, and what it starts, against that alone: a program that imports nothing, and a larger one."""
    sizes = bench.sizes.repositories
    kept = replace(bench, variables={**bench.variables, "XDG_CACHE_HOME": str(bench.work / "cache")})
    for size in (sizes[0], sizes[-1]):
        root = trees.repository(bench.work / f"repository-{size}", size, bench.variables)
        lines = {}
        for alone in (BARE, LARGER):
            lines[alone] = alone.split()
            lines[f"{RUN} -- {alone}"] = [RUN, "--", *alone.split()]
            lines[f"{RUN} --mode prefix -- {alone}"] = [RUN, "--mode", "prefix", "--", *alone.split()]
        measured = kept.measure([Command(label, line, root) for label, line in lines.items()], bench.sizes.large)
        for label in lines:
            alone = label.rpartition("-- ")[2] if label.startswith(RUN) else ""
            if alone:
                bench.compare(f"`{label}`; {size:,} files", measured[label], f"`{alone}`", [measured[alone]])


def nothing(bench: Bench) -> None:
    """prune-pycache in a large tree with nothing to delete."""
    for root in crowded(bench):
        caches_of(bench, root).clear()
        prune(bench, f"nothing to delete, {file_system(root)}", root, limits=(0.75, 1 / 15, 1 / 2))


def everything(bench: Bench) -> None:
    """prune-pycache in a large tree with caches everywhere."""
    limits = (0.6, 1 / 5, 1 / 2)
    for root in crowded(bench):
        caches = caches_of(bench, root)
        caches.clear()
        what = f"{bench.sizes.caches:,} caches, {file_system(root)}"
        prune(bench, what, root, limits, (caches.restore, caches.check_gone))
        if root.parent == bench.work:
            written = f"{what}, written to disk before"
            prune(bench, written, root, limits[:1], (caches.restore_to_disk, caches.check_gone))


def million(bench: Bench) -> None:
    """prune-pycache in a tree of a million files (--full): what matters is the memory."""
    sizes = bench.sizes
    for number in (sizes.million // 10, sizes.million):
        root = trees.plain(bench.work / f"plain-{number}", number, bench.variables)
        prune(bench, f"{number:,} untracked files, {file_system(root)}", root, limits=(0.75,))


def configuration(bench: Bench) -> None:
    """check-pycache, and the hooks of the same checks, where there is much to check and nothing to find."""
    sizes = bench.sizes
    root = trees.configured(bench.work, sizes.configured, sizes.products, bench.variables)
    paths = trees.configuration(sizes.products)
    workflows = [path for path in paths if path.startswith(trees.WORKFLOWS)]
    dockerfiles = [path for path in paths if path.endswith(trees.DOCKERFILE)]
    lines = {
        programs.EMPTY: [programs.EMPTY],
        CHECK: [CHECK],
        **{hook: [hook] for hook in SINGLE},
        FORBID: [FORBID, "--all"],
        HADOLINT: [HADOLINT, "--no-fail", *dockerfiles],
        SCHEMA: [SCHEMA, "--builtin-schema", "vendor.github-workflows", *workflows],
    }
    measured = bench.measure([Command(label, line, root) for label, line in lines.items()], sizes.rounds)
    much = configuration_files(sizes.products)
    bench.compare(f"`{CHECK}`; {much}", measured[CHECK], EMPTY, [measured[programs.EMPTY]], 6)
    for hook in SINGLE[3:]:
        bench.compare(f"`{hook}`; {much}", measured[hook], EMPTY, [measured[programs.EMPTY]])
    every = [measured[hook] for hook in SINGLE]
    bench.compare(f"`{CHECK}`; {much}", measured[CHECK], "the single hooks, one by one", every)
    peers = {DOCKERFILE: (HADOLINT, f"{len(dockerfiles)} Dockerfiles"), CI: (SCHEMA, f"{len(workflows)} workflows")}
    for hook, (peer, files) in peers.items():
        for ours in (CHECK, hook):
            bench.compare(f"`{ours}`; {much}", measured[ours], f"`{peer}`, {files}", [measured[peer]])
    through_pre_commit(bench, root)
    without_yaml(bench)
    growing(bench)


def through_pre_commit(bench: Bench, root: Path) -> None:
    """The checks in one hook and in single ones, as pre-commit runs them when it has installed them."""
    rev = programs.publish(bench.work / "published")
    whole, single = "all in one", "single hooks"
    lines = {CHECK: [CHECK]}
    for label, hooks in ((whole, (CHECK,)), (single, SINGLE)):
        file = bench.work / f"{label.replace(' ', '-')}.yaml"
        chosen = "".join(f"  - id: {hook}\n" for hook in hooks)
        text = f"repos:\n- repo: {bench.work / 'published'}\n  rev: {rev}\n  hooks:\n{chosen}"
        file.write_text(text, encoding="utf-8")
        lines[label] = ["pre-commit", "run", "--all-files", "--config", str(file)]
    measured = bench.measure([Command(label, line, root) for label, line in lines.items()], bench.sizes.large)
    much = configuration_files(bench.sizes.products)
    against = "single hooks through `pre-commit run --all-files`"
    bench.compare(f"`{CHECK}`; {much}", measured[CHECK], against, [measured[single]], 0.4)
    bench.compare(f"`{CHECK}` through pre-commit, too; {much}", measured[whole], against, [measured[single]], 0.4)


def without_yaml(bench: Bench) -> None:
    """check-pycache where there is no YAML file to judge."""
    sizes = bench.sizes
    root = trees.configured(bench.work, sizes.configured, sizes.products, bench.variables, with_yaml=False)
    lines = {programs.EMPTY: [programs.EMPTY], CHECK: [CHECK]}
    measured = bench.measure([Command(label, line, root) for label, line in lines.items()], sizes.rounds)
    bench.compare(f"`{CHECK}`; none of them YAML", measured[CHECK], EMPTY, [measured[programs.EMPTY]])


def growing(bench: Bench) -> None:
    """check-pycache with ever more configuration files in a repository of the same size."""
    sizes = bench.sizes
    roots = [trees.configured(bench.work, sizes.configured, products, bench.variables) for products in sizes.growing]
    found = bench.measure([Command(root.name, [CHECK], root) for root in roots], sizes.deleting)
    measured = [found[root.name] for root in roots]
    numbers = [products * trees.CONFIGURING for products in sizes.growing]
    bench.results.growths.append(Growths("configuration files", numbers, [Growth(f"`{CHECK}`", measured)]))
    times = numbers[-1] // numbers[-2]
    what, against = configuration_files(sizes.growing[-1]), f"{times} runs with {numbers[-2]:,}"
    bench.compare(f"`{CHECK}`; {what}", measured[-1], against, [measured[-2]] * times, 1)


def configuration_files(products: int) -> str:
    """How many there are, in words."""
    return f"{products * trees.CONFIGURING:,} configuration files"


PARTS: dict[str, Callable[[Bench], None]] = {
    "repositories": repositories,
    "running": running,
    "nothing": nothing,
    "everything": everything,
    "configuration": configuration,
    "million": million,
}


def prune(bench: Bench, what: str, root: Path, limits: Sequence[float], caches: Work | None = None) -> None:
    """Measure prune-pycache in *root* against as many peers as there are *limits*: find, pyclean, cleanpy."""
    peers = {"find": FIND.split(), "pyclean .": ["pyclean", "."], "cleanpy .": ["cleanpy", "."]}
    chosen = list(peers)[: len(limits)]
    fast = bench.sizes.deleting if caches else bench.sizes.large
    for labels, rounds in ((chosen[:1], fast), (chosen[1:], bench.sizes.slowest)):
        if labels:
            lines = {PRUNE: [PRUNE], **{label: peers[label] for label in labels}}
            commands = [Command(label, line, root, *(caches or ())) for label, line in lines.items()]
            measured = bench.measure(commands, rounds)
            for label in labels:
                limit = limits[chosen.index(label)]
                bench.compare(f"`{PRUNE}`; {what}", measured[PRUNE], f"`{label}`", [measured[label]], limit)


def crowded(bench: Bench) -> list[Path]:
    """The large trees: one in the working directory, and one in memory where there is room for it."""
    sizes = bench.sizes
    number = sizes.repositories[-1]
    needed = (number + sizes.environment + sizes.modules) * ROOM
    made = []
    for place in (bench.work, bench.memory):
        path = place and place / f"tree-{number}"
        if path and (place == bench.work or path.exists() or shutil.disk_usage(path.parent).free > needed):
            made.append(trees.crowded(path, number, sizes.environment, sizes.modules, bench.variables))
    return made


def caches_of(bench: Bench, root: Path) -> trees.Caches:
    """The caches of a large tree."""
    return trees.Caches(root, bench.sizes.repositories[-1], bench.sizes.caches)


def file_system(path: Path) -> str:
    """The type of the file system that *path* is on, or "disk" where that cannot be told."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "disk"
    mounts = [(fields[4], line.partition(" - ")[2].split()[0]) for line in lines if (fields := line.split())]
    around = [(point, kind) for point, kind in mounts if path.is_relative_to(point)]
    return max(around, key=lambda mount: len(mount[0]))[1]


def conditions(bench: Bench, parts: Sequence[str]) -> str:
    """What must be known to read the numbers: when, on what, with which programs."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    release = ".".join(platform.release().split("-")[0].split(".")[:2])
    sizes = bench.sizes
    facts = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "command": f"`python3 bench/run.py{' --quick' if sizes == QUICK else ''} --only {' '.join(parts)}`",
        "system": f"{platform.system()} {release}, {platform.machine()}, {os.cpu_count()} CPUs",
        "file system": file_system(bench.work) + (f", and {file_system(bench.memory)}" if bench.memory else ""),
        "programs": f"Python {platform.python_version()}, git {git}, {programs.versions(bench.work / 'environment/bin')}",
        "large tree": f"{sizes.repositories[-1]:,} tracked files in packages of {trees.MODULES}, .git, "
        f"a .venv of {sizes.environment:,} files, a node_modules of {sizes.modules:,}; where there is something to "
        f"delete, {sizes.caches:,} __pycache__ of {trees.CACHED} files",
        "find": f"`{FIND}`",
        "configuration files": f"in a repository of {sizes.configured:,} tracked files, of ten 4 Dockerfiles, 1 compose file, "
        "4 workflows and 1 script that they call, 30 to 110 lines each; in all of them there is nothing to find",
        "through pre-commit": f"{', '.join(SINGLE)} installed by pre-commit from a git repository of the project as it is",
        "rounds": f"{sizes.rounds}; in the large tree and through pre-commit {sizes.large}, with something to delete and "
        f"for the growth by configuration files {sizes.deleting}, with pyclean and cleanpy {sizes.slowest}",
    }
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items())


def document(bench: Bench, parts: Sequence[str]) -> str:
    """The whole of RESULTS.md."""
    growth = "\n\n".join(table.growth(growths) for growths in bench.results.growths)
    return f"""\
# Benchmarks

Written by `bench/run.py`. Every time is that of a whole process, its start included, with warm caches; the commands of
a row ran side by side in rounds. Times are medians; a ratio is the median of the ratios of the rounds, which depends
far less on the machine than the milliseconds do. Peak memory is that of the largest single process (git's included);
programs below some 5 MiB are shown too large. In the largest repository there is no limit against
check-added-large-files: it looks at the staged file only, while a hook that judges a work tree has to look at all of it.

{conditions(bench, parts)}

## Against the limits

{table.comparisons(bench.results.rows)}

## Growth

{growth}
"""


def progress(line: str) -> None:
    """Tell on stderr what is being done."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    default = Path(tempfile.gettempdir()) / f"pycache-hooks-bench-{os.getuid()}"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes and two rounds: to see that everything runs")
    parser.add_argument("--full", action="store_true", help=f"also {Sizes().million:,} files")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="NAME", help=f"only some of {', '.join(PARTS)}")
    parser.add_argument("--work", type=Path, default=default, metavar="DIR", help=f"where to work (default: {default})")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help=f"where to write (default: bench/{RESULTS.name} after a whole run)"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for. Returns the exit status: 1 if something that was to be measured failed."""
    settings = parse(arguments)
    parts = settings.only or [name for name in PARTS if name != "million" or settings.full]
    output = settings.output or (None if settings.quick or settings.only else RESULTS)
    output = output and output.resolve()
    work = settings.work.resolve()
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    progress(f"working in {work}")
    variables = programs.variables(programs.install(work))
    memory = Path(tempfile.mkdtemp(prefix="pycache-hooks-bench-", dir=MEMORY)) if MEMORY.is_dir() else None
    bench = Bench(work, memory, QUICK if settings.quick else Sizes(), variables, Results())
    try:
        for name in parts:
            PARTS[name](bench)
        text = document(bench, parts)
    except ValueError as error:
        progress(f"run.py: {error}")
        return 1
    finally:
        os.chdir(work)
        if memory:
            shutil.rmtree(memory)
    print(text)
    if output:
        output.write_text(text, encoding="utf-8")
    return int(any(row.failure for row in bench.results.rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
