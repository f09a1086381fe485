"""Blocks of the engine as tensors, tensors as memory for the engine: no copy, no leak, every dtype."""

from __future__ import annotations

import ctypes
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import jpype
import numpy as np
import pytest
import torch
import torchfits
from astropy.io import fits
from torch.utils.dlpack import from_dlpack  # pyright: ignore[reportPrivateImportUsage]
from torchfits import _dlpack, _engine, _jvm

HUGE_PAGE_BYTES = 2 << 20
LARGE_BYTES = 4 << 20

# Under the names of `ElementType`.
DTYPES = {
    "UINT8": torch.uint8,
    "INT8": torch.int8,
    "INT16": torch.int16,
    "INT32": torch.int32,
    "INT64": torch.int64,
    "UINT16": torch.uint16,
    "UINT32": torch.uint32,
    "UINT64": torch.uint64,
    "FLOAT16": torch.float16,
    "FLOAT32": torch.float32,
    "FLOAT64": torch.float64,
    "BFLOAT16": torch.bfloat16,
    "COMPLEX32": torch.complex32,
    "COMPLEX64": torch.complex64,
    "COMPLEX128": torch.complex128,
    "BOOL": torch.bool,
    "FLOAT8_E4M3FN": torch.float8_e4m3fn,
    "FLOAT8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "FLOAT8_E5M2": torch.float8_e5m2,
    "FLOAT8_E5M2FNUZ": torch.float8_e5m2fnuz,
    "FLOAT8_E8M0FNU": torch.float8_e8m0fnu,
    "FLOAT4_E2M1FN_X2": torch.float4_e2m1fn_x2,
}

SHAPES = [(), (0,), (3, 0, 2), (1,), (7,), (2, 3, 5)]


class Bridge:
    """The classes of `org.torchfits.dlpack`."""

    def __init__(self) -> None:
        _jvm.enter()
        package = "org.torchfits.dlpack."
        self.tensor: Any = jpype.JClass(package + "DlpackTensor")
        self.view: Any = jpype.JClass(package + "TensorView")
        self.types: Any = jpype.JClass(package + "ElementType")
        self.abi: Any = jpype.JClass(package + "Abi")
        self.longs: Any = jpype.JArray(jpype.JLong)
        self.bytes: Any = jpype.JClass("java.lang.foreign.ValueLayout").JAVA_BYTE

    def allocate(self, shape: tuple[int, ...], dtype: str = "FLOAT32", abi: str = "UNVERSIONED") -> Any:
        return self.tensor.allocate(self.abi.valueOf(abi), self.types.valueOf(dtype), self.longs(shape))

    def view_of(self, exported: _dlpack.Exported) -> Any:
        return self.view.at(exported.address, self.abi.UNVERSIONED)


@pytest.fixture(scope="module")
def bridge() -> Bridge:
    return Bridge()


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def versioned_tensor(address: int) -> torch.Tensor:
    new_capsule = ctypes.pythonapi.PyCapsule_New
    new_capsule.restype = ctypes.py_object
    new_capsule.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return from_dlpack(new_capsule(address, b"dltensor_versioned", None))


class TestExport:
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("abi", ["UNVERSIONED", "VERSIONED"])
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_every_dtype_and_shape_without_a_copy(self, bridge: Bridge, dtype: str, abi: str, shape: tuple[int, ...]):
        block = bridge.allocate(shape, dtype, abi)
        elements = block.elements()
        data = int(elements.address())
        content = [index % 2 for index in range(elements.byteSize())]  # right for every dtype, bool too
        for index, value in enumerate(content):
            elements.set(bridge.bytes, index, value)
        tensor = (_dlpack.tensor_at if abi == "UNVERSIONED" else versioned_tensor)(block.release())
        assert tensor.dtype == DTYPES[dtype]
        assert tensor.shape == shape
        assert tensor.is_contiguous()
        assert tensor.device == torch.device("cpu")
        assert tensor.element_size() == bridge.types.valueOf(dtype).bytes()
        if tensor.numel() > 0:
            assert tensor.data_ptr() == data
            assert ctypes.string_at(tensor.data_ptr(), len(content)) == bytes(content)

    def test_all_dtypes_are_tried(self, bridge: Bridge):
        assert set(DTYPES) == {str(element.name()) for element in bridge.types.values()}

    @pytest.mark.parametrize("side", [64, 1024, 2048])
    def test_an_image_is_read_into_its_tensor(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int):
        expected = np.arange(side * side, dtype=np.float32).reshape(side, side)
        fits.writeto(tmp_path / "image.fits", expected)
        blocks: list[tuple[int, int]] = []

        def recording(address: int) -> torch.Tensor:
            data_of_header = ctypes.c_uint64.from_address(address).value
            blocks.append((address, data_of_header))
            return _dlpack.tensor_at(address)

        monkeypatch.setattr(_engine, "tensor_at", recording)
        image = torchfits.read_image(tmp_path / "image.fits")
        [(address, data_of_header)] = blocks
        assert image.data_ptr() == data_of_header
        assert address < image.data_ptr() <= address + HUGE_PAGE_BYTES + 4096
        np.testing.assert_array_equal(image.numpy(), expected)

    @pytest.mark.parametrize("elements", [1, 7, 16, 1 << 10, LARGE_BYTES // 4, 3 << 20])
    def test_alignment(self, bridge: Bridge, elements: int):
        tensors = [_dlpack.tensor_at(bridge.allocate((elements,)).release()) for _ in range(8)]
        for tensor in tensors:
            assert tensor.data_ptr() % 64 == 0
            if tensor.nbytes >= LARGE_BYTES:
                assert tensor.data_ptr() % HUGE_PAGE_BYTES == 0

    def test_large_blocks_get_huge_pages(self, bridge: Bridge):
        setting = Path("/sys/kernel/mm/transparent_hugepage/enabled")
        if not setting.exists() or "[never]" in setting.read_text():
            pytest.skip("the kernel gives no transparent huge pages")
        tensor = _dlpack.tensor_at(bridge.allocate((64 << 20,), "UINT8").release())
        tensor.fill_(1)
        assert huge_page_kilobytes(tensor.data_ptr()) >= 2048

    @pytest.mark.parametrize("shape", [(-1,), (1 << 40, 1 << 40), (1 << 62,)])
    def test_impossible_shapes_are_refused(self, bridge: Bridge, shape: tuple[int, ...]):
        errors: Any = (
            jpype.JClass("java.lang.ArithmeticException"),
            jpype.JClass("java.lang.IllegalArgumentException"),
            jpype.JClass("org.torchfits.dlpack.NativeMemoryException"),
        )
        with pytest.raises(errors):
            bridge.allocate(shape)


def huge_page_kilobytes(address: int) -> int:
    """AnonHugePages of the mapping that holds the address."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split()[0]
        if not first.endswith(":"):
            begin, end = (int(text, 16) for text in first.split("-"))
            inside = begin <= address < end
        elif inside and first == "AnonHugePages:":
            return int(line.split()[1])
    raise LookupError(hex(address))


class TestImport:
    @pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_every_dtype(self, bridge: Bridge, dtype: str):
        tensor = torch.empty((2, 3, 5), dtype=DTYPES[dtype])
        exported = _dlpack.Exported(tensor)
        view = bridge.view_of(exported)
        assert str(view.type().name()) == dtype
        assert list(view.shape()) == [2, 3, 5]
        assert view.elements().address() == tensor.data_ptr()
        assert view.elements().byteSize() == tensor.nbytes

    def test_what_java_writes_is_seen(self, bridge: Bridge):
        tensor = torch.zeros((3, 4), dtype=torch.uint8)
        exported = _dlpack.Exported(tensor)
        bridge.view_of(exported).elements().set(bridge.bytes, 5, 42)
        assert tensor[1, 1] == 42
        assert tensor.sum() == 42

    def test_a_part_that_is_contiguous(self, bridge: Bridge):
        tensor = torch.zeros((10, 4), dtype=torch.int16)
        exported = _dlpack.Exported(tensor[3:5])
        view = bridge.view_of(exported)
        assert view.elements().address() == tensor.data_ptr() + 3 * 4 * 2
        assert view.elements().byteSize() == 2 * 4 * 2

    @pytest.mark.parametrize("shape", SHAPES)
    def test_shapes(self, bridge: Bridge, shape: tuple[int, ...]):
        exported = _dlpack.Exported(torch.zeros(shape))
        view = bridge.view_of(exported)
        assert tuple(view.shape()) == shape
        assert view.elements().byteSize() == 4 * torch.Size(shape).numel()

    @pytest.mark.parametrize(
        "tensor",
        [torch.zeros((4, 5)).T, torch.zeros((4, 5))[:, 1:], torch.zeros(9)[::2], torch.zeros(1).expand(3)],
        ids=["transposed", "columns", "stepped", "expanded"],
    )
    def test_not_contiguous_is_refused(self, bridge: Bridge, tensor: torch.Tensor):
        exported = _dlpack.Exported(tensor)
        with pytest.raises(jpype.JClass("java.lang.IllegalArgumentException"), match="not contiguous"):
            bridge.view_of(exported)

    def test_memory_lives_as_long_as_it_is_exported(self, bridge: Bridge):
        exported = _dlpack.Exported(torch.full((1000,), 7, dtype=torch.uint8))
        elements = bridge.view_of(exported).elements()
        for _ in range(100):
            torch.zeros(1000, dtype=torch.uint8)
        assert {elements.get(bridge.bytes, index) for index in range(1000)} == {7}


class TestLifetime:
    def test_capsules_that_nobody_consumes_are_freed(self, bridge: Bridge):
        self.hold_and_drop(bridge, _dlpack.capsule_at)

    def test_dropped_tensors_are_freed(self, bridge: Bridge):
        self.hold_and_drop(bridge, _dlpack.tensor_at)

    def test_dropped_versioned_tensors_are_freed(self, bridge: Bridge):
        self.hold_and_drop(bridge, versioned_tensor, "VERSIONED")

    @staticmethod
    def hold_and_drop(bridge: Bridge, hold: Any, abi: str = "UNVERSIONED") -> None:
        before = resident_mb()
        for _ in range(200):
            block = bridge.allocate((64 << 20,), "UINT8", abi)
            data = int(block.elements().address())
            held = hold(block.release())
            ctypes.memset(data, 1, 16 << 20)
            del held
        assert resident_mb() - before < 64

    def test_blocks_of_failed_reads_are_freed(self, tmp_path: Path):
        good, other = tmp_path / "good.fits", tmp_path / "other.fits"
        fits.writeto(good, np.ones((1 << 20,), dtype=np.float32))
        fits.writeto(other, np.ones((1 << 19,), dtype=np.float32))
        before = resident_mb()
        for _ in range(100):
            with pytest.raises(torchfits.MismatchError):
                torchfits.read_batch([good, good, good, other])
        assert resident_mb() - before < 64

    def test_a_dropped_block_is_used_again(self, bridge: Bridge):
        for allocate in (bridge.allocate, lambda shape: bridge.allocate(shape, abi="VERSIONED")):
            block = allocate((1 << 20,))
            held = (_dlpack.tensor_at if allocate == bridge.allocate else versioned_tensor)(block.release())
            data = held.data_ptr()
            del held
            block = allocate((1 << 20,))
            assert int(block.elements().address()) == data
            block.close()

    def test_a_tensor_dropped_in_a_forked_child_is_freed_there(self, bridge: Bridge):
        tensor = _dlpack.tensor_at(bridge.allocate((64 << 20,), "UINT8").release())
        tensor.fill_(1)
        child = os.fork()
        if child == 0:
            before = resident_mb()
            del tensor
            os._exit(0 if before - resident_mb() > 60 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert int(tensor.sum()) == 64 << 20

    def test_a_view_keeps_the_block(self, tmp_path: Path):
        fits.writeto(tmp_path / "image.fits", np.arange(1 << 20, dtype=np.int32))
        row = torchfits.read_image(tmp_path / "image.fits")[-5:]
        for _ in range(5):
            torchfits.read_image(tmp_path / "image.fits").fill_(0)
        assert row.tolist() == list(range((1 << 20) - 5, 1 << 20))

    def test_a_hundred_thousand_reads_leave_memory_flat(self, tmp_path: Path):
        path = tmp_path / "image.fits"
        fits.writeto(path, np.ones((64, 64), dtype=np.float32))
        resident = []
        for _ in range(5):
            for _ in range(20_000):
                torchfits.read_image(path)
            resident.append(resident_mb())
        # What Java compiles costs memory once; a leak of 50 bytes a read would cost 1 MB every time.
        assert min(after - before for before, after in pairwise(resident)) < 1, resident
