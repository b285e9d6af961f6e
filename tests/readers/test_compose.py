"""What compose files come to, as Docker Compose puts them together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycache_hooks.readers import compose, project
from pycache_hooks.readers.files import Files

if TYPE_CHECKING:
    from pathlib import Path

    from pycache_hooks.readers.compose import Project, Service

NAME = "compose.yaml"


def tree(root: Path, files: dict[str, str], untracked: tuple[str, ...] = ()) -> Files:
    """A work tree of *files*, all tracked but those that are *untracked*."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    listing = b"".join(os.fsencode(name) + b"\0" for name in sorted(files) if name not in untracked)
    return Files(project.read(str(root), listing))


def read(root: Path, files: dict[str, str] | str, *paths: str, untracked: tuple[str, ...] = ()) -> Project:
    files = {NAME: files} if isinstance(files, str) else files
    return compose.read(tree(root, files, untracked), paths or (NAME,))


def service(root: Path, files: dict[str, str] | str, *paths: str, untracked: tuple[str, ...] = ()) -> Service:
    """The service ``a``."""
    return read(root, files, *paths, untracked=untracked).services["a"]


def one(*lines: str) -> str:
    """A compose file whose service ``a`` has these *lines*."""
    return "\n".join(["services:", "  a:", *(f"    {line}" for line in lines), ""])


def environment(found: Service) -> dict[str, str | None]:
    return {name: setting.value for name, setting in found.environment.items()}


def mounts(found: Service) -> list[tuple[str | None, str, bool]]:
    return [(mount.source, mount.target, mount.read_only) for mount in found.volumes.values()]


# The fields of a service


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param(
            ["environment:", "  - A=1", "  - B=x=y", "  - C=", "  - D"],
            {"A": "1", "B": "x=y", "C": "", "D": None},
            id="list",
        ),
        pytest.param(
            ["environment:", "  A: 1", "  B: 'x'", "  C: ''", "  D:"],
            {"A": "1", "B": "x", "C": "", "D": None},
            id="mapping",
        ),
        pytest.param(["environment: [A=$$x, '=1', {a: b}]"], {"A": "$x"}, id="what is no variable"),
        pytest.param(["environment: {A: [1]}"], {"A": None}, id="what is no value"),
        pytest.param(["environment: text"], {}, id="what is no environment"),
        pytest.param(["environment:"], {}, id="nothing"),
    ],
)
def test_the_environment(tmp_path: Path, lines: list[str], found: dict[str, str | None]) -> None:
    assert environment(service(tmp_path, one(*lines))) == found


def test_a_setting_knows_where_it_is_written(tmp_path: Path) -> None:
    found = service(tmp_path, one("environment:", "  - A=1", "user: $U"))
    assert found.user
    assert (found.environment["A"].path, found.environment["A"].line) == (NAME, 4)
    assert (found.user.path, found.user.line, found.user.written, found.user.value) == (NAME, 5, "$U", "${U}")


@pytest.mark.parametrize(
    ("volume", "found"),
    [
        pytest.param(".:/app", ("d", "/app", False), id="the project's directory"),
        pytest.param("./src/:/app/", ("d/src", "/app", False), id="a directory in it"),
        pytest.param("..:/app", ("", "/app", False), id="one above it"),
        pytest.param(".:/app:ro", ("d", "/app", True), id="for reading"),
        pytest.param(".:/app:z,ro", ("d", "/app", True), id="for reading, with a label"),
        pytest.param(".:/app:rw", ("d", "/app", False), id="for writing"),
        pytest.param(".:/app:cached", ("d", "/app", False), id="a mode of Docker Desktop"),
        pytest.param("../..:/app", (None, "/app", False), id="outside of the repository"),
        pytest.param("/srv:/app", (None, "/app", False), id="elsewhere"),
        pytest.param("~/x:/app", (None, "/app", False), id="somebody's home"),
        pytest.param("data:/app", (None, "/app", False), id="a volume"),
        pytest.param("/app", (None, "/app", False), id="a volume without a name"),
        pytest.param("'C:\\x:/app'", (None, "/app", False), id="a drive of Windows"),
        pytest.param("${HERE:-.}:/app", ("d", "/app", False), id="a default"),
        pytest.param("${HERE}:/app", (None, "/app", False), id="who knows"),
        pytest.param("./${HERE}/x:/app", (None, "/app", False), id="who knows where in it"),
        pytest.param("${PWD}:/app", (None, "/app", False), id="wherever it is started"),
        pytest.param("{type: bind, source: ., target: /app}", ("d", "/app", False), id="long form"),
        pytest.param("{type: bind, source: x, target: /app}", ("d/x", "/app", False), id="long form without a dot"),
        pytest.param(
            "{type: bind, source: ., target: /app, read_only: true}", ("d", "/app", True), id="long form for reading"
        ),
        pytest.param(
            "{type: bind, source: ., target: /app, read_only: false}", ("d", "/app", False), id="long form for writing"
        ),
        pytest.param("{type: volume, source: x, target: /app}", (None, "/app", False), id="a volume in the long form"),
        pytest.param("{type: tmpfs, target: /app}", (None, "/app", False), id="a tmpfs in the long form"),
    ],
)
def test_a_volume(tmp_path: Path, volume: str, found: tuple[str | None, str, bool]) -> None:
    text = one("volumes:", f"  - {volume}")
    assert mounts(service(tmp_path, {f"d/{NAME}": text}, f"d/{NAME}")) == [found]


@pytest.mark.parametrize("volume", ["''", "{type: bind, source: .}", "[.]", ""])
def test_what_is_no_volume(tmp_path: Path, volume: str) -> None:
    assert mounts(service(tmp_path, one("volumes:", f"  - {volume}"))) == []


@pytest.mark.parametrize("source", ["${PWD}", "$PWD", "${PWD}/"])
def test_at_the_root_the_working_directory_is_the_projects(tmp_path: Path, source: str) -> None:
    assert mounts(service(tmp_path, one(f"volumes: ['{source}:/app']"))) == [("", "/app", False)]


@pytest.mark.parametrize("lines", ["tmpfs: /app/x", "tmpfs: ['/app/x:size=1m']"])
def test_a_tmpfs_is_a_mount_of_nothing(tmp_path: Path, lines: str) -> None:
    assert mounts(service(tmp_path, one(lines))) == [(None, "/app/x", False)]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param(["build: ."], ("d", "d/Dockerfile", "", {}), id="short form"),
        pytest.param(["build: {context: ../x, dockerfile: f/D, target: t}"], ("x", "x/f/D", "t", {}), id="long form"),
        pytest.param(["build: {dockerfile: D}"], ("d", "d/D", "", {}), id="no context"),
        pytest.param(["build: {context: ., dockerfile: ../D}"], ("d", "D", "", {}), id="a Dockerfile outside of it"),
        pytest.param(["build: {args: {A: 1, B: , C: '${C}'}}"], ("d", "d/Dockerfile", "", {"A": "1"}), id="arguments"),
        pytest.param(["build: {args: [A=1, B]}"], ("d", "d/Dockerfile", "", {"A": "1"}), id="arguments in a list"),
        pytest.param(["build: https://example.org/x.git"], (None, None, "", {}), id="an address"),
        pytest.param(["build: git@example.org:x.git"], (None, None, "", {}), id="a repository"),
        pytest.param(["build: ../.."], (None, None, "", {}), id="outside of the repository"),
        pytest.param(["build: $X"], (None, None, "", {}), id="who knows"),
        pytest.param(["build: {dockerfile: $X}"], ("d", None, "", {}), id="who knows which Dockerfile"),
        pytest.param(["build:", "  dockerfile_inline: |", "    FROM x"], ("d", None, "", {}), id="written there"),
    ],
)
def test_a_build(tmp_path: Path, lines: list[str], found: tuple[str | None, str | None, str, dict[str, str]]) -> None:
    build = service(tmp_path, {f"d/{NAME}": one(*lines)}, f"d/{NAME}").build
    assert build
    assert (build.context, build.dockerfile, build.target, build.arguments) == found


def test_a_build_of_neither_form_is_none(tmp_path: Path) -> None:
    assert service(tmp_path, one("build: [a]")).build is None


def test_a_dockerfile_can_be_written_into_the_compose_file(tmp_path: Path) -> None:
    build = service(tmp_path, one("build:", "  dockerfile_inline: |", "    FROM a", "    USER b")).build
    assert build
    assert build.inline == "FROM a\nUSER b\n"


@pytest.mark.parametrize(
    ("command", "found"),
    [
        pytest.param("python -m 'a b' \"c d\" e\\ f", ["python", "-m", "a b", "c d", "e f"], id="text"),
        pytest.param("[python, -m, a b]", ["python", "-m", "a b"], id="a list"),
        pytest.param('sh -c "a && b $$X"', ["sh", "-c", "a && b $X"], id="a shell's"),
        pytest.param("a ${X:-b c} ''", ["a", "b", "c", ""], id="a default"),
        pytest.param("", None, id="null is the image's own"),
        pytest.param("''", [], id="none"),
        pytest.param("[]", [], id="an empty list"),
    ],
)
def test_a_command(tmp_path: Path, command: str, found: list[str] | None) -> None:
    made = service(tmp_path, one(f"command: {command}", f"entrypoint: {command}"))
    assert (made.command, made.entrypoint) == (found, found)


def test_the_other_fields(tmp_path: Path) -> None:
    found = service(
        tmp_path, one("image: a:${T:-1}", "working_dir: /app", "userns_mode: keep-id", "profiles: [x, y]", "x-y: [z]")
    )
    assert (found.image, found.working_dir, found.userns, found.profiles) == ("a:1", "/app", "keep-id", ["x", "y"])
    assert (found.name, found.path, found.line) == ("a", NAME, 2)


def test_anchors_merge_keys_and_fragments(tmp_path: Path) -> None:
    text = (
        "x-base: &base\n  image: x\n  environment: &env\n    A: 1\n    B: 1\n"
        "services:\n  a:\n    <<: *base\n    environment:\n      <<: *env\n      B: 2\n"
    )
    found = service(tmp_path, text)
    assert (found.image, environment(found)) == ("x", {"B": "2", "A": "1"})
    assert found.environment["A"].line == 4


def test_an_image_that_another_service_builds_is_that_build(tmp_path: Path) -> None:
    found = read(
        tmp_path, "services:\n  a: {image: mine}\n  b: {image: mine, build: ./b}\n  c: {image: other}\n"
    ).services
    assert found["a"].build is found["b"].build
    assert found["c"].build is None


# Variables


def test_variables_come_from_the_tracked_env_file_beside_it(tmp_path: Path) -> None:
    files = {f"d/{NAME}": one("environment: [A=$X, B=$Y, X, Y]"), "d/.env": "X=1\n", ".env": "Y=1\n"}
    assert environment(service(tmp_path, files, f"d/{NAME}")) == {"A": "1", "B": "${Y}", "X": "1", "Y": None}


def test_an_env_file_that_is_not_tracked_is_not_read(tmp_path: Path) -> None:
    files = {NAME: one("environment: [A=$X]", "env_file: b.env"), ".env": "X=1\n", "b.env": "B=1\n"}
    assert environment(service(tmp_path, files, untracked=(".env", "b.env"))) == {"A": "${X}"}


def test_the_environment_of_whoever_runs_it_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "mine")
    assert environment(service(tmp_path, one("environment: [A=$X, X]"))) == {"A": "${X}", "X": None}


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["env_file: x.env"], id="text"),
        pytest.param(["env_file: [x.env]"], id="a list"),
        pytest.param(["env_file: [{path: x.env}]"], id="a list of mappings"),
        pytest.param(["env_file: [gone.env, x.env]"], id="one that is missing"),
        pytest.param(["env_file: [{path: gone.env, required: false}, ./x.env]"], id="one that need not be there"),
        pytest.param(["env_file: [../outside.env, /etc/environment, x.env]"], id="outside of the repository"),
    ],
)
def test_an_env_file(tmp_path: Path, lines: list[str]) -> None:
    files = {NAME: one(*lines, "environment: {B: 2}"), "x.env": "A=1\nB=1\n"}
    (tmp_path / "outside.env").write_text("C=1\n")
    assert environment(service(tmp_path / "repository", files)) == {"A": "1", "B": "2"}


def test_the_last_env_file_wins(tmp_path: Path) -> None:
    files = {NAME: one("env_file: [x.env, y.env]"), "x.env": "A=1\nB=1\n", "y.env": "A=2\n"}
    assert environment(service(tmp_path, files)) == {"A": "2", "B": "1"}


@pytest.mark.parametrize(
    ("path", "example"),
    [
        *((".env", f".env.{word}") for word in compose.EXAMPLES),
        (".env", "env.example"),
        (".env", "example.env"),
        (".env", ".env-dist"),
        (".env", "template_env"),
        (".env.local", ".env.local.example"),
        (".env.local", ".env.example.local"),
        ("conf/web.env", "conf/web.example.env"),
        ("conf/web", "conf/web.sample"),
    ],
)
def test_of_an_env_file_that_everybody_makes_the_example_counts(tmp_path: Path, path: str, example: str) -> None:
    found = service(tmp_path, {NAME: one(f"env_file: {path}"), example: "A=1\n"})
    assert (environment(found), found.environment["A"].path, found.open) == ({"A": "1"}, example, False)


@pytest.mark.parametrize(
    "other", [".env.example.md", ".env.local.example", "example", "conf/.env.example", ".env.production", "my.env"]
)
def test_other_files_stand_for_no_env_file(tmp_path: Path, other: str) -> None:
    found = service(tmp_path, {NAME: one("env_file: .env"), other: "A=1\n"})
    assert (environment(found), found.open) == ({}, True)


@pytest.mark.parametrize(
    ("lines", "is_open"),
    [
        pytest.param("env_file: x.env", False, id="a file that is here"),
        pytest.param("env_file: gone.env", True, id="a file that is not here"),
        pytest.param("env_file: [{path: gone.env, required: false}]", True, id="one that need not be there"),
        pytest.param("env_file: untracked.env", True, id="one of this machine's own"),
        pytest.param("env_file: binary.env", True, id="one that cannot be read"),
        pytest.param("env_file: ../outside.env", True, id="one outside of the repository"),
        pytest.param("env_file: $WHERE/x.env", True, id="one that nobody knows"),
        pytest.param("env_file: []", False, id="none"),
    ],
)
def test_an_env_file_that_is_not_here_may_set_anything(tmp_path: Path, lines: str, is_open: bool) -> None:  # noqa: FBT001
    files = {NAME: one(lines), "x.env": "A=1\n", "untracked.env": "B=1\n", "binary.env": "\0"}
    assert service(tmp_path, files, untracked=("untracked.env",)).open is is_open


def test_a_file_that_is_not_here_may_override_the_ones_before_it(tmp_path: Path) -> None:
    files = {NAME: one("env_file: [x.env, gone.env, y.env]", "environment: {C: 3}")}
    files |= {"x.env": "A=1\nB=1\nC=1\n", "y.env": "B=2\n"}
    assert environment(service(tmp_path, files)) == {"A": None, "B": "2", "C": "3"}


def test_an_override_does_not_close_what_an_env_file_of_its_base_left_open(tmp_path: Path) -> None:
    files = {NAME: one("env_file: gone.env"), "compose.override.yaml": one("env_file: x.env"), "x.env": "A=1\n"}
    assert service(tmp_path, files, NAME, "compose.override.yaml").open


# Several files


def test_an_override_is_merged_by_the_rules_of_each_field(tmp_path: Path) -> None:
    files = {
        NAME: one(
            "image: x",
            "user: u",
            "build: {context: ., target: t, args: [A=1, B=1]}",
            "environment: [A=1, B=1]",
            "volumes: ['.:/app', './x:/x']",
            "env_file: x.env",
            "profiles: [p]",
            "command: a b",
            "entrypoint: c",
        ),
        "o.yaml": one(
            "image: y",
            "build: {target: u, args: {B: 2}}",
            "environment: {B: 2, C: 2}",
            "volumes: ['./y:/app']",
            "env_file: [y.env]",
            "profiles: [q]",
            "command: [d]",
        ),
        "x.env": "X=1\n",
        "y.env": "X=2\n",
    }
    found = service(tmp_path, files, NAME, "o.yaml")
    assert (found.image, found.command, found.entrypoint, found.profiles) == ("y", ["d"], ["c"], ["p", "q"])
    assert (found.user and found.user.value) == "u"
    assert environment(found) == {"X": "2", "A": "1", "B": "2", "C": "2"}
    assert mounts(found) == [("y", "/app", False), ("x", "/x", False)]
    assert (found.volumes["/app"].path, found.volumes["/x"].path) == ("o.yaml", NAME)
    assert found.build
    assert (found.build.context, found.build.target, found.build.arguments) == ("", "u", {"A": "1", "B": "2"})
    assert (found.lists_environment, found.path) == (False, "o.yaml")


@pytest.mark.parametrize(
    ("base", "over", "field", "value"),
    [
        pytest.param("image: x", "image: !reset null", "image", None, id="reset"),
        pytest.param("command: x", "command: !reset []", "command", None, id="reset a command"),
        pytest.param("env_file: x", "env_file: !override [y]", "env_files", ["y"], id="override a list"),
        pytest.param("profiles: [x]", "profiles: !reset []", "profiles", [], id="reset a list"),
        pytest.param("build: x", "build: !reset null", "build", None, id="reset a build"),
    ],
)
def test_tags_take_away_what_is_below(tmp_path: Path, base: str, over: str, field: str, value: object) -> None:
    assert getattr(service(tmp_path, {NAME: one(base), "o.yaml": one(over)}, NAME, "o.yaml"), field) == value


@pytest.mark.parametrize(
    ("over", "found"),
    [
        pytest.param(["environment: !reset {}"], {}, id="all of it"),
        pytest.param(["environment: !override [C=3]"], {"C": "3"}, id="replace it"),
        pytest.param(["environment: {A: !reset null}"], {"B": "1"}, id="one variable"),
        pytest.param(["environment: {A: !reset null, C: 3}"], {"B": "1", "C": "3"}, id="one variable, and add one"),
    ],
)
def test_tags_in_an_environment(tmp_path: Path, over: list[str], found: dict[str, str]) -> None:
    files = {NAME: one("environment: [A=1, B=1]"), "o.yaml": one(*over)}
    assert environment(service(tmp_path, files, NAME, "o.yaml")) == found


@pytest.mark.parametrize(("tag", "found"), [("!override", [(None, "/y", False)]), ("!reset", [])])
def test_tags_of_volumes(tmp_path: Path, tag: str, found: list[tuple[str | None, str, bool]]) -> None:
    files = {NAME: one("volumes: [.:/x]"), "o.yaml": one(f"volumes: {tag} [vol:/y]")}
    assert mounts(service(tmp_path, files, NAME, "o.yaml")) == found


def test_a_service_can_be_replaced_or_taken_away(tmp_path: Path) -> None:
    files = {
        NAME: "services:\n  a: {image: x, user: u}\n  b: {image: x}\n",
        "o.yaml": "services:\n  a: !override {image: y}\n  b: !reset null\n  c: {image: z}\n",
    }
    found = read(tmp_path, files, NAME, "o.yaml").services
    assert {name: (each.image, each.user) for name, each in found.items()} == {"a": ("y", None), "c": ("z", None)}


def test_documents_of_one_file_override_one_another(tmp_path: Path) -> None:
    found = service(tmp_path, one("image: x", "command: a") + "---\n" + one("image: y"))
    assert (found.image, found.command) == ("y", ["a"])


# extends


def test_extends_a_service_of_the_same_file(tmp_path: Path) -> None:
    text = "services:\n  b: {image: x, environment: [A=1]}\n  a: {extends: b, environment: [B=1]}\n  c: {extends: {service: a}}"
    found = read(tmp_path, text).services
    assert (found["a"].image, environment(found["a"])) == ("x", {"A": "1", "B": "1"})
    assert environment(found["c"]) == {"A": "1", "B": "1"}


def test_paths_of_an_extended_file_are_relative_to_it(tmp_path: Path) -> None:
    files = {
        NAME: one("extends: {file: d/common.yml, service: b}", "volumes: ['./own:/own']"),
        "d/common.yml": "services:\n  b:\n    extends: {file: ../c.yml, service: c}\n    build: .\n    volumes: ['.:/app']\n",
        "c.yml": "services:\n  c: {env_file: x.env, image: $T}\n",
        "x.env": "A=1\n",
        ".env": "T=tag\n",
    }
    found = service(tmp_path, files)
    assert mounts(found) == [("d", "/app", False), ("own", "/own", False)]
    assert found.build
    assert (found.build.context, found.image, environment(found)) == ("d", "tag", {"A": "1"})
    assert found.volumes["/app"].path == "d/common.yml"


@pytest.mark.parametrize(
    "extends",
    [
        pytest.param("gone", id="a service that is not there"),
        pytest.param("{file: gone.yml, service: b}", id="a file that is not there"),
        pytest.param("{file: ../x.yml, service: b}", id="a file outside of the repository"),
        pytest.param("{file: compose.yaml}", id="no service"),
        pytest.param("[b]", id="neither form"),
    ],
)
def test_what_cannot_be_extended_leaves_the_service_incomplete(tmp_path: Path, extends: str) -> None:
    found = service(tmp_path, one(f"extends: {extends}", "image: x"))
    assert (found.complete, found.image) == (False, "x")


def test_what_extends_an_incomplete_service_is_incomplete(tmp_path: Path) -> None:
    assert not service(tmp_path, "services:\n  a: {extends: b}\n  b: {extends: gone}\n").complete


@pytest.mark.parametrize(
    ("files", "line", "reason"),
    [
        pytest.param({NAME: one("extends: a")}, 2, "the service a extends itself", id="itself"),
        pytest.param(
            {NAME: "services:\n  a: {extends: b}\n  b: {extends: a}\n"},
            2,
            "the service a extends itself",
            id="one another",
        ),
        pytest.param(
            {
                NAME: one("extends: {file: o.yaml, service: b}"),
                "o.yaml": "services:\n  b:\n    extends: {file: compose.yaml, service: a}\n",
            },
            2,
            "the service a extends itself",
            id="over two files",
        ),
        pytest.param(
            {
                NAME: one("extends: n99")
                + "".join(f"  n{number}: {{extends: n{number - 1}}}\n" for number in range(1, 100))
            },
            2,
            "more than 50 services extend one another",
            id="too many",
        ),
    ],
)
def test_a_ring_is_refused_and_the_others_are_read(
    tmp_path: Path, files: dict[str, str], line: int, reason: str
) -> None:
    files[NAME] += "  other: {image: x}\n"
    made = tree(tmp_path, files)
    found = compose.read(made, [NAME])
    assert "a" not in found.services
    assert found.services["other"].image == "x"
    assert (made.unreadable[NAME].line, made.unreadable[NAME].reason) == (line, reason)


# include


@pytest.mark.parametrize(
    "include",
    [
        pytest.param("[d/c.yml]", id="short form"),
        pytest.param("d/c.yml", id="text"),
        pytest.param("[{path: d/c.yml}]", id="long form"),
        pytest.param("[{path: [d/c.yml]}]", id="a list in the long form"),
        pytest.param("['${D:-d}/c.yml', gone.yml, ../x.yml]", id="beside others that are not there"),
    ],
)
def test_an_included_file_is_a_project_of_its_own(tmp_path: Path, include: str) -> None:
    files = {
        NAME: f"include: {include}\nservices:\n  b: {{image: y}}\n",
        "d/c.yml": one("image: $I", "volumes: ['.:/app']"),
        "d/.env": "I=theirs\n",
    }
    found = read(tmp_path, files)
    assert list(found.services) == ["a", "b"]
    assert (found.services["a"].image, mounts(found.services["a"])) == ("theirs", [("d", "/app", False)])
    assert found.used == {("d/c.yml", "")}


def test_what_includes_may_choose_directory_and_variables(tmp_path: Path) -> None:
    files = {
        NAME: "include:\n  - path: [d/c.yml, d/o.yml]\n    project_directory: e\n    env_file: [x.env]\n",
        "d/c.yml": one("image: $I", "user: $U", "volumes: ['.:/app']"),
        "d/o.yml": one("command: x"),
        "e/.env": "I=no\n",
        "x.env": "I=yes\nU=no\n",
        ".env": "U=yes\n",
    }
    found = service(tmp_path, files)
    assert (found.image, found.user and found.user.value, mounts(found)) == ("yes", "yes", [("e", "/app", False)])
    assert found.command == ["x"]


def test_what_includes_overrides(tmp_path: Path) -> None:
    files = {NAME: "include: [c.yml]\n" + one("image: own"), "c.yml": one("image: theirs", "user: u")}
    found = service(tmp_path, files)
    assert (found.image, found.user and found.user.value) == ("own", "u")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({NAME: "include: [compose.yaml]\n"}, id="itself"),
        pytest.param({NAME: "include: [o.yaml]\n", "o.yaml": "include: [compose.yaml]\n"}, id="one another"),
        pytest.param(
            {NAME: "include: [n0.yml]\n"}
            | {f"n{number}.yml": f"include: [n{number + 1}.yml]\n" for number in range(60)},
            id="too many",
        ),
    ],
)
def test_an_include_ring_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    made = tree(tmp_path, files)
    assert compose.read(made, [NAME]).services == {}
    (reason,) = made.unreadable.values()
    assert (reason.line, "includes" in reason.reason) == (1, True)


# Which files belong together


def ways(root: Path, files: dict[str, str]) -> list[tuple[str, list[tuple[str | None, str | None]]]]:
    """Each service, with image and command in each of the ways in which it may be put together."""
    made = compose.alternatives(tree(root, files), [path for path in files if path.endswith(".yml")])
    services = [ways for _, services in made for ways in services]
    return [(ways[0].name, [(way.image, " ".join(way.command or ())) for way in ways]) for ways in services]


BASE = one("image: x", "command: base")


def test_the_override_that_compose_finds_belongs_to_its_base(tmp_path: Path) -> None:
    files = {"compose.yml": BASE, "compose.override.yml": one("command: over")}
    assert ways(tmp_path, files) == [("a", [("x", "over")])]


def test_without_a_base_an_override_is_a_file_like_others(tmp_path: Path) -> None:
    assert ways(tmp_path, {"compose.override.yml": BASE}) == [("a", [("x", "base")])]


def test_another_file_is_read_alone_and_on_top_of_the_base(tmp_path: Path) -> None:
    files = {"compose.yml": BASE, "compose.dev.yml": one("image: y"), "d/compose.dev.yml": one("image: z")}
    assert ways(tmp_path, files) == [
        ("a", [("x", "base")]),
        ("a", [("y", ""), ("y", "base")]),
        ("a", [("z", "")]),
    ]


def test_a_service_without_an_image_is_read_on_top_of_the_base_only(tmp_path: Path) -> None:
    files = {"compose.yml": BASE, "compose.dev.yml": one("command: dev") + "  b: {image: y}\n"}
    assert ways(tmp_path, files) == [("a", [("x", "base")]), ("a", [("x", "dev")]), ("b", [("y", "")])]


def test_what_compose_starts_in_no_way_is_not_read(tmp_path: Path) -> None:
    files = {
        "compose.yml": one("command: x"),
        "compose.dev.yml": one("command: y"),
        "d/compose.dev.yml": one("command: z"),
    }
    assert ways(tmp_path, files) == []


def test_a_second_base_is_a_project_of_its_own(tmp_path: Path) -> None:
    files = {"compose.yml": BASE, "docker-compose.yml": one("image: y")}
    assert ways(tmp_path, files) == [("a", [("x", "base")]), ("a", [("y", "")])]


@pytest.mark.parametrize(
    "use", ["include: [compose.part.yml]", "services: {b: {extends: {file: compose.part.yml, service: a}}}"]
)
def test_what_another_file_takes_is_not_read_alone(tmp_path: Path, use: str) -> None:
    files = {"compose.yml": f"{use}\n", "compose.part.yml": BASE}
    assert len(ways(tmp_path, files)) == 1


# What is no compose file


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("- a\n", 1, id="a list"),
        pytest.param("\ntext\n", 2, id="text"),
        pytest.param(f"{BASE}---\n- a\n", 6, id="a second document that is none"),
        pytest.param("services: [\n", 2, id="no YAML"),
    ],
)
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str, line: int) -> None:
    made = tree(tmp_path, {NAME: text})
    compose.read(made, [NAME])
    assert made.unreadable[NAME].line == line


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "version: '3'\n", "services:\n", "services: [a]\n", "services:\n  a:\n"]
)
def test_a_file_without_services_has_none(tmp_path: Path, text: str) -> None:
    made = tree(tmp_path, {NAME: text})
    assert (compose.read(made, [NAME]).services, made.unreadable) == ({}, {})


LONG = "x" * 400_000


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(
            ("[" + ", ".join(f"A{number}=1" for number in range(20_000)) + "]", "environment: *b"), id="settings"
        ),
        pytest.param((f"'{LONG}'", "command: *b"), id="a long command"),
        pytest.param((f"'{LONG}'", "volumes: [*b, *b, *b, *b]"), id="long volumes"),
        pytest.param(("[" + "[], " * 100_000 + "]", "command: *b"), id="what is no word"),
        pytest.param(("[" + "$LONG, " * 50 + "]", "command: *b"), id="variables"),
    ],
)
def test_more_than_any_project_has_is_refused(tmp_path: Path, bomb: tuple[str, str]) -> None:
    text = f"x-b: &b {bomb[0]}\nservices:\n" + "".join(f"  s{number}: {{{bomb[1]}}}\n" for number in range(100))
    made = tree(tmp_path, {NAME: text, ".env": f"LONG={'x' * 100_000}\n"})
    assert compose.read(made, [NAME]).services == {}
    assert made.unreadable[NAME].reason == "more comes together than in any project"


def test_files_that_double_with_each_level_are_refused(tmp_path: Path) -> None:
    files = {f"n{number}.yml": f"include: [n{number + 1}.yml, n{number + 1}.yml]\n" for number in range(40)}
    made = tree(tmp_path, {NAME: "include: [n0.yml]\n", **files, "n40.yml": BASE})
    assert compose.read(made, [NAME]).services == {}
    assert made.unreadable[NAME].reason == "more comes together than in any project"


def test_a_chain_of_services_that_grow_is_refused(tmp_path: Path) -> None:
    lines = ["services:", "  s0: {environment: {" + ", ".join(f"A{number}: 1" for number in range(20_000)) + "}}"]
    lines += [f"  s{number}: {{extends: s0}}" for number in range(1, 200)]
    made = tree(tmp_path, {NAME: "\n".join(lines)})
    assert compose.read(made, [NAME]).services == {}
    assert NAME in made.unreadable


FIELDS = "image user userns_mode working_dir command entrypoint profiles environment env_file build volumes tmpfs extends".split()
VALUES = st.recursive(
    st.none() | st.sampled_from("a b . .. ./x:/y /y ${A:-b} $ ${ A=1 compose.yaml '' \"\\".split()),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from("a context dockerfile args file service path source target type <<".split()), below
        )
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    services=st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.sampled_from(FIELDS), VALUES) | VALUES),
    include=VALUES,
)
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path: Path, services: object, include: object) -> None:
    import yaml

    made = tree(tmp_path, {NAME: yaml.safe_dump({"services": services, "include": include})})
    found = compose.read(made, [NAME])
    assert set(found.services) <= set("abc")
