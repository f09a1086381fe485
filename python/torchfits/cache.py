"""What is kept from one read for the next: how much, by which rule, and what came of it.

Decoding takes time, so the engine keeps, in native memory, the decoded tiles of compressed images of which parts are
read, and the images (up to 32 MiB) that datasets read from compressed files: the second epoch copies them. Images that
are not compressed are not kept, as the system's page cache holds their bytes already. A file that was changed is
another one: nothing stale is ever given out.

A second tier, off unless it is asked for, is a folder on a local disk which all processes of a machine share: what one
of them decoded the others read, and later runs too. Only reading takes longer where the folder cannot be written or its
disk is full, and files that were cut, or left by a process that was killed, are told by their checksums.

Settings are environment variables, which `configure` sets: processes that are started from then on, such as the workers
of a DataLoader, have the same ones, each for a cache of its own.

    TORCHFITS_CACHE_BYTES    bytes in memory, by default a sixteenth of the memory, at most 1 GiB; 0 for none
    TORCHFITS_CACHE_POLICY   what goes when they are used up: "tinylfu" (default), "lru" or "lfu"
    TORCHFITS_CACHE_DISK     the folder of the second tier; none by default
    TORCHFITS_CACHE_DISK_BYTES   its bound, by default 32 GiB
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from torchfits import _aot, _engine
from torchfits._settings import CacheSettings

__all__ = ["CacheStats", "Policy", "clear", "configure", "resize", "stats"]

Policy = Literal["tinylfu", "lru", "lfu"]
"""What goes first: what was used seldom lately, longest ago, or least often."""

_warned = False


@dataclass(frozen=True)
class CacheStats:
    """What this process keeps, and what was counted since its engine started. All 0 before that.

    Attributes:
        policy: by which entries go; empty before the engine started.
        memory_bytes: of decoded tiles and images, also those that are just in use.
        memory_budget: their bound.
        entries: number of tiles and images.
        hits: tiles and images that were there when they were wanted.
        misses: those that were not.
        evictions: those that went for the bound.
        known_files: files whose HDUs are known, so that they are not parsed again.
        open_files: those of them that are open.
        decoded_files: files compressed as a whole (gzip and others) whose content is kept.
        decoded_file_bytes: of that content.
        zone_maps: tables of which is known what is where, for conditions on rows.
        disk_bytes: of the folder, as far as this process has seen.
        disk_budget: its bound; 0 where there is no folder.
        disk_hits: tiles and images that were in the folder when they were not in memory.
        disk_misses: those that were not, though the image has a file there.
        disk_writes: tiles and images that this process put there.
        disk_evictions: files of images that it removed for the bound.
        disk_failures: reads and writes that failed; after the first one this process writes no more.
        disk_problem: why; empty if none did.
    """

    policy: str = ""
    memory_bytes: int = 0
    memory_budget: int = 0
    entries: int = 0
    hits: int = 0
    misses: int = 0
    evictions: int = 0
    known_files: int = 0
    open_files: int = 0
    decoded_files: int = 0
    decoded_file_bytes: int = 0
    zone_maps: int = 0
    disk_bytes: int = 0
    disk_budget: int = 0
    disk_hits: int = 0
    disk_misses: int = 0
    disk_writes: int = 0
    disk_evictions: int = 0
    disk_failures: int = 0
    disk_problem: str = ""

    @property
    def hit_rate(self) -> float:
        """Share of the wanted tiles and images that were there; 0 if none was wanted."""
        wanted = self.hits + self.misses
        return self.hits / wanted if wanted else 0.0


def stats() -> CacheStats:
    """What is kept just now. Does not start the engine."""
    if not _engine.is_running():
        return CacheStats()
    counts = _engine.cache_stats()
    policy, problem = counts.pop("policy").lower(), counts.pop("disk_problem")
    return CacheStats(policy, **{name: int(count) for name, count in counts.items()}, disk_problem=problem)


def clear(*, disk: bool = False) -> None:
    """Forgets what is kept in memory and not in use just now: tiles, images, HDUs, open files, zone maps.

    Args:
        disk: whether what is kept in the cache folder, for all processes of the user, is removed too; that starts the
            engine.

    Raises:
        EngineError: if the engine cannot start.
    """
    if disk or _engine.is_running():
        _engine.clear_caches(disk=disk)


def resize(memory_bytes: int) -> None:
    """Changes the bound of what is kept in memory; what is too much goes at once.

    Args:
        memory_bytes: of decoded tiles and images; 0 to keep none.

    Raises:
        TypeError: if that is no int.
        ValueError: if it is negative.
    """
    configure(memory_bytes=memory_bytes)


def configure(
    *,
    policy: Policy | None = None,
    memory_bytes: int | None = None,
    disk: str | os.PathLike[str] | bool | None = None,
    disk_bytes: int | None = None,
) -> None:
    """Chooses what is kept, for this process and those that it starts from now on. Does not start the engine.

    What is None stays as it is. Another policy begins with an empty cache.

    Args:
        policy: what goes when the bound is reached. "tinylfu" keeps what is used again and again, also when much else
            is read once meanwhile; it is right for shuffled epochs over more than fits in. "lru" forgets what was used
            longest ago, "lfu" what was used least often.
        memory_bytes: bound of decoded tiles and images; 0 to keep none.
        disk: a folder for what does not fit in, or is wanted by other processes too; it is to be on a local disk. True
            for `$XDG_CACHE_HOME/torchfits/decoded` (default `~/.cache/torchfits/decoded`), False for none.
        disk_bytes: bound of that folder; the images used longest ago are removed. By default 32 GiB.

    Raises:
        OSError: if the folder cannot be made.
        TypeError: for arguments of a wrong type.
        ValueError: for an unknown policy or negative bytes.
    """
    if policy is not None and policy not in get_args(Policy):
        raise ValueError(f"policy must be one of {', '.join(get_args(Policy))}, not {policy!r}")
    _require_bytes("memory_bytes", memory_bytes)
    _require_bytes("disk_bytes", disk_bytes)
    settings = CacheSettings(policy, memory_bytes, _folder(disk), disk_bytes)
    settings.to_environment()
    if _engine.is_running():
        _engine.configure_caches(settings)


def _folder(disk: str | os.PathLike[str] | bool | None) -> str | None:  # noqa: FBT001 - as `configure` takes it
    """The folder, which is there; empty for none."""
    if disk is None or disk is False:
        return "" if disk is False else None
    path = _aot.folder() / "decoded" if disk is True else Path(disk).absolute()
    path.mkdir(parents=True, exist_ok=True)
    return os.fspath(path)


def warn_of_disk() -> None:
    """Warns, once in a process, if the folder of the second tier cannot be used; asked at the end of epochs."""
    global _warned
    if _warned or CacheSettings.of_environment().disk is None:
        return
    problem = stats().disk_problem
    if problem:
        _warned = True
        message = f"decoded images are not kept on disk any more, which costs time: {problem}"
        warnings.warn(message, RuntimeWarning, stacklevel=2)


def _require_bytes(name: str, value: int | None) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not 0 <= value < 1 << 63:
        raise ValueError(f"{name} must be from 0 to 2**63 - 1, not {value}")
