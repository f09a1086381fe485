"""The tree of exceptions, and that they survive pickling and workers."""

import builtins
import pickle
from pathlib import Path
from typing import Any

import jpype
import pytest
import torchfits
from torch._utils import ExceptionWrapper
from torchfits import errors

OF_PYTHON = [errors.ExistingFileError, errors.UnwritableDataError]
"""What is found before the engine is asked."""

PUBLIC = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, BaseException)]


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the engine's ErrorKind."""
    with pytest.raises(torchfits.MissingFileError):
        torchfits.open(tmp_path_factory.mktemp("kinds") / "starts the engine.fits")
    return [str(kind.name()) for kind in jpype.JClass("org.torchfits.error.ErrorKind").values()]


def test_kinds_ofTheEngine_haveOneClassEach(kinds: list[str]) -> None:
    assert sorted(errors.BY_KIND) == sorted(kinds)


def test_classes_ofFiles_haveOneKindEach() -> None:
    leaves = [error for error in PUBLIC if issubclass(error, errors.FitsError) and error is not errors.FitsError]
    of_files = [error for error in errors.BY_KIND.values() if issubclass(error, errors.FitsError)]
    of_files += OF_PYTHON
    assert sorted(of_files, key=str) == sorted(leaves, key=str)


@pytest.mark.parametrize("error", PUBLIC, ids=lambda error: error.__name__)
def test_class_name_isPublicAndDocumented(error: type) -> None:
    assert getattr(torchfits, error.__name__) is error
    assert error.__name__ in torchfits.__all__
    assert error.__doc__


@pytest.mark.parametrize(
    ("error", "parent"),
    [
        ("MissingFileError", "FileNotFoundError"),
        ("FileAccessError", "PermissionError"),
        ("NotAFileError", "OSError"),
        ("FileReadError", "OSError"),
        ("FileWriteError", "OSError"),
        ("ExistingFileError", "FileExistsError"),
        ("UnwritableDataError", "ValueError"),
        ("NotFitsError", "ValueError"),
        ("TruncatedFileError", "EOFError"),
        ("HeaderError", "ValueError"),
        ("CorruptDataError", "ValueError"),
        ("HduNotFoundError", "LookupError"),
        ("HduKindError", "TypeError"),
        ("UnsupportedFitsError", "NotImplementedError"),
        ("SectionError", "IndexError"),
        ("MismatchError", "ValueError"),
        ("ValueRangeError", "ValueError"),
        ("FitsMemoryError", "MemoryError"),
        ("ChangedFileError", "OSError"),
        ("WcslibError", "ValueError"),
        ("EngineError", "RuntimeError"),
        ("EngineForkError", "RuntimeError"),
        ("LibraryNotFoundError", "ImportError"),
        ("FitsWarning", "UserWarning"),
    ],
)
def test_class_parents_areWhatOtherCodeCatches(error: str, parent: str) -> None:
    assert issubclass(getattr(torchfits, error), getattr(builtins, parent))


@pytest.mark.parametrize("error", PUBLIC, ids=lambda error: error.__name__)
def test_error_pickled_staysWhatItIs(error: Any) -> None:
    made = error("/data/a.fits[1]: why")
    made.status = 107
    restored = pickle.loads(pickle.dumps(made))
    assert type(restored) is error
    assert str(restored) == "/data/a.fits[1]: why"
    assert restored.status == 107


@pytest.mark.parametrize("error", PUBLIC, ids=lambda error: error.__name__)
def test_error_fromWorker_keepsClassAndMessage(error: Any) -> None:
    """As torch carries it from a worker process to the training loop."""
    try:
        raise error("/data/a.fits[1]: why")
    except error:
        carried = pickle.loads(pickle.dumps(ExceptionWrapper(where="in DataLoader worker process 0")))
    with pytest.raises(error, match=r"/data/a\.fits\[1\]: why") as caught:
        carried.reraise()
    assert type(caught.value) is error


def test_error_ofTheSystem_hasItsErrno(tmp_path: Path) -> None:
    with pytest.raises(torchfits.MissingFileError) as caught:
        torchfits.open(tmp_path / "none.fits")
    assert caught.value.status == 2
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
