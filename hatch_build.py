"""The build hook of the wheel: Maven makes the jars that the wheel bundles."""

import subprocess
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EngineBuildHook(BuildHookInterface[Any]):
    """Builds python/torchfits/jars/*.jar, for wheels and for editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Runs Maven, which fetches nothing that is in its local repository already.

        Args:
            version: "standard" or "editable"; the jars are the same.
            build_data: what hatchling knows of this build; nothing is added to it.

        Raises:
            subprocess.CalledProcessError: there is no JDK >= 25 or no Maven, or the engine does not compile;
                the process has printed why.
        """
        goals = ["-DskipTests", "--projects", "dlpack-bridge,java-engine", "package"]
        subprocess.run(["bash", "scripts/mvn.sh", *goals], cwd=self.root, check=True)
