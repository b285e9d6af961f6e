"""Which CI runners begin each job on a fresh machine, and which keep their work tree from job to job."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SYSTEMS = frozenset(["ubuntu", "windows", "macos"])
"""GitHub's own labels: one of these, and ``latest``, ``slim`` or a version, as in ``ubuntu-24.04-arm``, ``macos-15-xlarge``.

What organisations call their larger runners, which GitHub hosts too, begins or ends like it.
https://docs.github.com/en/actions/reference/runners/github-hosted-runners
"""

_PROVIDERS = (
    "actuated",  # https://docs.actuated.com/
    "arc-",  # Actions Runner Controller's scale sets, by the name that its documentation gives them
    "blacksmith-",  # https://docs.blacksmith.sh/blacksmith-runners/overview
    "buildjet-",
    "cirun-",  # https://docs.cirun.io/
    "codebuild-",  # https://docs.aws.amazon.com/codebuild/latest/userguide/action-runner-overview.html
    "depot-",  # https://depot.dev/docs/github-actions/runner-types
    "ghcr.io/cirruslabs/",
    "namespace-",  # https://namespace.so/docs/reference/github-actions/runner-configuration
    "nscloud-",
    "runs-on=",  # https://runs-on.com/configuration/job-labels/
    "runs-on/",
    "runs-on,",
    "ubicloud",  # https://www.ubicloud.com/docs/github-actions-integration/quickstart
    "warp-",  # https://docs.warpbuild.com/
    "warpdev-",
)
"""How the labels of services begin that give each job a machine of its own."""

_SIZES = frozenset(["core", "cores", "cpu", "vcpu"])
"""Words behind a number that larger runners are named by: ``linux-16-cores``, ``linux-8core``."""

_ARCHITECTURES = frozenset(["x64", "x86", "amd64", "arm64", "aarch64"])
"""Scale sets in a cloud are named by architecture, type of machine and cores: ``linux-x86-n2-64``."""

_FRESH_WORDS = frozenset("ephemeral k8s kubernetes eks gke aks fargate autoscale autoscaled autoscaling".split())
SELF_HOSTED = "self-hosted"

_SHARED_TAGS = frozenset(
    "shared-windows windows windows-1809 gitlab-org gitlab-org-docker docker linux gce east-c shared".split()
)
"""Tags that the runners of gitlab.com had before their names began with ``saas-``; runners of one's own may have them, too."""


def keeps_its_tree(labels: Sequence[str]) -> bool | None:
    """Whether a runner with all of GitHub's *labels* keeps the work tree; None where nobody can know.

    A label that is not known to be that of fresh machines counts as one of one's own.
    """
    lowered = [label.lower() for label in labels]
    if any(_is_fresh(label) for label in lowered):
        return False
    if SELF_HOSTED in lowered:
        return True
    if not lowered or any("${{" in label for label in lowered):
        return None
    return not any(_is_hosted(label) for label in lowered)


def names_hosted(text: str) -> bool:
    """Whether a label in *text* is that of a fresh machine; it may be a list in JSON."""
    for mark in '[]",':
        text = text.replace(mark, " ")
    return any(_is_fresh(label) or _is_hosted(label) for label in text.lower().split())


def keeps_its_tree_on_gitlab(tags: Sequence[str]) -> bool | None:
    """The same for the *tags* of a GitLab job. Without tags the settings of the project decide.

    GitLab's own runners: https://docs.gitlab.com/ci/runners/hosted_runners/
    """
    if any(tag.startswith("saas-") or _is_fresh(tag.lower()) for tag in tags):
        return False
    known = not any("$" in tag for tag in tags) and not _SHARED_TAGS.issuperset(tag.lower() for tag in tags)
    return True if known else None


def is_fresh_on_gitlab(variables: Iterable[str]) -> bool:
    """Whether a GitLab job with these *variables* is run by an executor that makes a pod or a virtual machine for it.

    https://docs.gitlab.com/runner/executors/kubernetes/#overwrite-container-resources,
    https://gitlab.com/cirruslabs/gitlab-tart-executor/-/blob/main/README.md
    """
    return any(name.startswith(("KUBERNETES_", "TART_EXECUTOR_")) for name in variables)


def _is_fresh(label: str) -> bool:
    return label.startswith(_PROVIDERS) or not _FRESH_WORDS.isdisjoint(_words(label))


def _is_hosted(label: str) -> bool:
    words = _words(label)
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name = word.strip("0123456789")
        numbered = name != word or following[:1].isdigit()
        if name in _SYSTEMS and (numbered or following in ("latest", "slim")):
            return True
        if word[:1].isdigit() and (name in _SIZES or following in _SIZES):
            return True
    # A small number counts the machines.
    many = words[-1].isdecimal() and (len(words[-1]) > 1 or words[-1] >= "8")
    return many and not _ARCHITECTURES.isdisjoint(words)


def _words(label: str) -> list[str]:
    return label.replace("_", "-").replace(".", "-").replace(":", "-").split("-")
