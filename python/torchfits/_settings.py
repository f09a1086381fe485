"""What the environment says of the caches: it reaches worker processes, however they are started."""

from __future__ import annotations

import os
from typing import NamedTuple

POLICIES = ("lru", "lfu", "tinylfu")

POLICY = "TORCHFITS_CACHE_POLICY"
MEMORY_BYTES = "TORCHFITS_CACHE_BYTES"
DISK = "TORCHFITS_CACHE_DISK"
DISK_BYTES = "TORCHFITS_CACHE_DISK_BYTES"


class CacheSettings(NamedTuple):
    """How much is kept and what goes; None for the engine's default.

    Attributes:
        policy: one of POLICIES.
        memory_bytes: bound of decoded tiles and images.
        disk: the folder that processes share; empty for none.
        disk_bytes: its bound.
    """

    policy: str | None = None
    memory_bytes: int | None = None
    disk: str | None = None
    disk_bytes: int | None = None

    @classmethod
    def of_environment(cls) -> CacheSettings:
        """What the variables say that are set and not empty.

        Raises:
            ValueError: naming the variable, for what it cannot be.
        """
        policy = os.environ.get(POLICY) or None
        if policy is not None and policy not in POLICIES:
            raise ValueError(f"{POLICY}={policy} is none of {', '.join(POLICIES)}")
        return cls(policy, _bytes(MEMORY_BYTES), os.environ.get(DISK) or None, _bytes(DISK_BYTES))

    def to_environment(self) -> None:
        """Sets the variables of what is not None."""
        variables = {
            POLICY: self.policy,
            MEMORY_BYTES: self.memory_bytes,
            DISK: self.disk,
            DISK_BYTES: self.disk_bytes,
        }
        os.environ.update({name: str(value) for name, value in variables.items() if value is not None})


def _bytes(variable: str) -> int | None:
    text = os.environ.get(variable)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) >= 1 << 63:
        raise ValueError(f"{variable}={text} is not a number of bytes")
    return int(text)
