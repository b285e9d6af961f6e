"""The CI systems whose files are read, and which of them reads a file: by its name."""

from __future__ import annotations

GITHUB, GITLAB, CODEBUILD, AZURE = "github", "gitlab", "codebuild", "azure"
SYSTEMS = (GITHUB, GITLAB, CODEBUILD, AZURE)

TELLING = (".github/", "gitlab", "buildspec", "azure")
"""Parts of the paths of all CI files, except actions that lie elsewhere: a quick test."""

_YAML = (".yml", ".yaml")
ACTIONS = ("action.yml", "action.yaml")
_AZURE_FOLDERS = (".azure/", ".azure-pipelines/", ".azuredevops/", ".azure-pipeline/", "azure-pipelines/")


def is_pipeline(path: str) -> bool:
    """Whether *path* is called like a file of one of the `SYSTEMS`, or like a part of one."""
    return bool(system_of(path))


def system_of(path: str) -> str:
    """Which of the `SYSTEMS` reads *path*, by its name; ``""`` if none does."""
    folder, _, name = path.rpartition("/")
    if not name.endswith(_YAML):
        return ""
    if folder == ".github/workflows" or name in ACTIONS:
        return GITHUB
    if name == ".gitlab-ci.yml" or name.endswith((".gitlab-ci.yml", ".gitlab-ci.yaml")) or path.startswith(".gitlab/"):
        return GITLAB
    if "buildspec" in name:
        return CODEBUILD
    azure = name.startswith(("azure-pipelines", "azure-pipeline")) or path.startswith(_AZURE_FOLDERS)
    return AZURE if azure else ""
