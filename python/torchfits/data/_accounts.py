"""Where the time of a training goes: always counted, told when asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torchfits.data.loader import DataLoader

_LITTLE = 0.05
"""A share of the time that is not worth a change."""


@dataclass(frozen=True)
class Report:
    """What training waited for; `str()` of it says so in words.

    Attributes:
        batches: that were given.
        samples: in them.
        bad: samples that could not be read.
        wait_seconds: that the caller waited for batches, transforms and copies to the device included.
        use_seconds: that passed between a batch and the question for the next one.
        fetch_seconds: of the engine's threads together, opening files and getting bytes.
        decode_seconds: likewise, making elements of bytes.
        copy_seconds: likewise, copying out of known tiles, into frames, as fill.
        fetched_bytes: from files.
        decoded_bytes: of elements.
        tiles_decoded: of compressed images.
        tiles_found: that had been decoded before.
        advice: what to change, in words.
    """

    batches: int
    samples: int
    bad: int
    wait_seconds: float
    use_seconds: float
    fetch_seconds: float
    decode_seconds: float
    copy_seconds: float
    fetched_bytes: int
    decoded_bytes: int
    tiles_decoded: int
    tiles_found: int
    advice: str

    def __str__(self) -> str:
        whole = self.wait_seconds + self.use_seconds
        share = self.wait_seconds / whole if whole else 0.0
        return "\n".join(
            [
                f"{self.batches} batches, {self.samples} samples, {self.bad} bad",
                f"waited for them  {self.wait_seconds:9.3f} s ({share:.0%}), used them {self.use_seconds:.3f} s",
                f"engine: fetch    {self.fetch_seconds:9.3f} s ({self.fetched_bytes / 1e6:.1f} MB)",
                f"        decode   {self.decode_seconds:9.3f} s ({self.decoded_bytes / 1e6:.1f} MB, "
                f"{self.tiles_decoded} tiles, {self.tiles_found} found decoded)",
                f"        copy     {self.copy_seconds:9.3f} s",
                self.advice,
            ]
        )


@dataclass
class Accounts:
    """What a loader counts."""

    _batches: int = 0
    _samples: int = 0
    _wait: float = 0.0
    _use: float = 0.0
    _counts: dict[str, int] = field(default_factory=dict[str, int])

    def gave(self, samples: int, seconds: float) -> None:
        """A batch of so many samples, for which the caller waited so long."""
        self._batches += 1
        self._samples += samples
        self._wait += seconds

    def used(self, seconds: float) -> None:
        """The caller used a batch so long."""
        self._use += seconds

    def counted(self, counts: Mapping[str, int]) -> None:
        """What the engine counted of a window."""
        for name, count in counts.items():
            self._counts[name] = self._counts.get(name, 0) + count

    def report(self, loader: DataLoader) -> Report:
        """All of it so far."""
        count = self._counts.get
        return Report(
            batches=self._batches,
            samples=self._samples,
            bad=len(loader.bad),
            wait_seconds=self._wait,
            use_seconds=self._use,
            fetch_seconds=count("fetch_nanos", 0) / 1e9,
            decode_seconds=count("decode_nanos", 0) / 1e9,
            copy_seconds=count("copy_nanos", 0) / 1e9,
            fetched_bytes=count("fetched_bytes", 0),
            decoded_bytes=count("decoded_bytes", 0),
            tiles_decoded=count("tiles_decoded", 0),
            tiles_found=count("tiles_found", 0),
            advice=self._advice(loader),
        )

    def _advice(self, loader: DataLoader) -> str:
        whole = self._wait + self._use
        if whole == 0:
            return "nothing was loaded yet"
        if self._wait <= _LITTLE * whole:
            return "the model is the slower part: nothing to change"
        if loader.prefetch_batches < 2:
            return f"batches are read when they are asked for: prefetch_batches={loader.prefetch_batches} is too small"
        fetch, decode, copy = (self._counts.get(name, 0) for name in ("fetch_nanos", "decode_nanos", "copy_nanos"))
        if max(fetch, decode, copy) == 0 or fetch + decode + copy < 0.5e9 * self._wait:
            return "the engine was hardly busy: transforms, collate_fn or copies to the device take the time"
        if decode >= fetch and decode >= copy:
            return "decoding is the slower part: keep decoded tiles (torchfits.cache), or store less compressed"
        if fetch >= copy:
            return "getting bytes is the slower part: faster storage, larger files, or a smaller shuffle_window"
        return "copying is the slower part: larger boxes, or tiles that fit them"
