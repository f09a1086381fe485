"""Files that are written beside their target and take its name when they are complete."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from torchfits.errors import ExistingFileError, FileAccessError, FileWriteError, MissingFileError, NotAFileError

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

_COMPRESSED = (".gz", ".bz2", ".xz", ".zip", ".Z")
_PIECE_BYTES = 32 << 20


class NewFile:
    """A file that is nowhere to be seen before it is complete, and never if it does not become so.

    It is made where a `with` block begins, in the folder of the target; of a link, in that of the file it leads to. At
    the end of the block the bytes are synced to the disk and the file gets its name; after an exception it is removed.

    Attributes:
        name: of the target, as it was given.
        descriptor: open for reading and writing.
    """

    descriptor: int

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool) -> None:
        self.name = os.fspath(path)
        self._target = Path(os.path.realpath(self.name))
        self._overwrite = overwrite
        if self.name.endswith(_COMPRESSED):
            raise ValueError(f"{self.name}: compressed files cannot be written")
        self._temporary = self._target.with_name(f".torchfits-{secrets.token_hex(8)}.tmp")

    def __enter__(self) -> NewFile:
        """Makes an empty file.

        Raises:
            FitsError: if the target is there and not to be overwritten, or its folder cannot be written to.
        """
        with self._os_errors():
            self._require_free()
            try:
                self.descriptor = os.open(self._temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            except KeyboardInterrupt:
                # It may come when the file is there already.
                self._temporary.unlink(missing_ok=True)
                raise
        return self

    def _require_free(self) -> None:
        try:
            mode = self._target.stat().st_mode
        except FileNotFoundError:
            return
        if not self._overwrite:
            raise ExistingFileError(f"{self.name}: the file exists; overwrite=True replaces it")
        if not stat.S_ISREG(mode):
            raise NotAFileError(f"{self.name}: not a regular file")

    @contextmanager
    def _os_errors(self) -> Generator[None]:
        """What the operating system refuses, as a `FitsError`."""
        try:
            yield
        except (ExistingFileError, NotAFileError):
            raise
        except OSError as error:
            raise _translated(self.name, error) from None

    def write(self, offset: int, content: bytes) -> None:
        """Writes bytes at a place of the file."""
        with self._os_errors():
            done = 0
            while done < len(content):
                done += os.pwrite(self.descriptor, content[done:], offset + done)

    def append_file(self, offset: int, source: int, count: int) -> None:
        """Copies the first bytes of another open file to a place of this one."""
        with self._os_errors():
            os.lseek(self.descriptor, offset, os.SEEK_SET)
            done = 0
            while done < count:
                done += os.sendfile(self.descriptor, source, done, min(_PIECE_BYTES, count - done))

    def open_unnamed(self) -> IO[bytes]:
        """An empty file on the same disk that has no name."""
        with self._os_errors():
            return TemporaryFile(dir=self._target.parent, buffering=0)

    def resize(self, size: int) -> None:
        """Ends the file there; what was not written is zero."""
        with self._os_errors():
            os.ftruncate(self.descriptor, size)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives the file its name, or removes it after an exception."""
        try:
            if kind is None:
                with self._os_errors():
                    self._publish()
        finally:
            os.close(self.descriptor)
            self._temporary.unlink(missing_ok=True)

    def _publish(self) -> None:
        os.fsync(self.descriptor)
        self._require_free()
        self._temporary.replace(self._target)
        folder = os.open(self._target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _translated(name: str, error: OSError) -> Exception:
    number = error.errno or 0
    reason = os.strerror(number)
    if number in (errno.ENOENT, errno.ENOTDIR):
        translated = MissingFileError(f"{name}: its folder does not exist")
    elif number in (errno.EACCES, errno.EPERM, errno.EROFS):
        translated = FileAccessError(f"{name}: cannot be written: {reason}")
    else:
        translated = FileWriteError(f"{name}: writing failed: {reason}")
    translated.status = number
    return translated
