"""The DVC remote of a project, all that the machines of a cluster share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from charlab.core.errors import CharlabError

REMOTE_KEYS = ("url", "endpointurl", "region", "user", "port")
"""Options of a remote that workers are sent. Credentials are not: they travel unencrypted."""


class ClusterError(CharlabError):
    """The cluster, the remote or the commit is not what other machines need."""


@dataclass(frozen=True)
class Remote:
    """The default DVC remote of a project.

    Attributes
    ----------
    name : str
    options : mapping of str to str
        Those of :data:`REMOTE_KEYS` that are set.
    """

    name: str
    options: Mapping[str, str]

    @classmethod
    def of(cls, root: Path) -> Remote:
        """Return the default remote of a project.

        Raises
        ------
        ClusterError
            If there is none, or one that cannot hold DVC's run-cache.
        """
        from dvc.repo import Repo

        with Repo(str(root)) as repo:
            name = repo.config["core"].get("remote")
            options = repo.config["remote"].get(name, {})
            sent = {key: str(options[key]) for key in REMOTE_KEYS if key in options}
        if "url" not in sent:
            raise ClusterError(
                "no default DVC remote is configured, and it is all that the machines share: "
                "'dvc remote add --default NAME URL', then the same command"
            )
        if sent["url"].startswith(("http://", "https://")):
            raise ClusterError(
                f"the DVC remote {sent['url']} is an HTTP server, which cannot hold DVC's "
                "run-cache; use a folder, SSH or S3"
            )
        return cls(name, sent)

    @property
    def folder(self) -> str | None:
        """Path of the remote if it is a folder."""
        return None if "://" in self.options["url"] else self.options["url"]

    @property
    def config(self) -> str:
        """Content of a .dvc/config.local that names this remote."""
        lines = [f"    {key} = {value}" for key, value in self.options.items()]
        return "\n".join(
            ["[core]", f"    remote = {self.name}", f"['remote \"{self.name}\"']", *lines, ""]
        )
