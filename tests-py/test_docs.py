"""The documentation is true: its Python runs, and shows what really comes out.

The ```python blocks of README.md and of each file in docs/ run in order, in one namespace per file,
in a temporary folder that holds the files of `write_samples`. Two things are compared, `...` standing
for anything:

- `expression  # -> text`: what the expression prints, or else its repr;
- a ```text block right after a ```python block: all that the block prints.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from astropy.io import fits

if TYPE_CHECKING:
    from types import CodeType

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```(?P<language>[\w-]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"#\s*->\s*(.+)$")
COMPARE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """Python of a file of the documentation."""

    source: str
    line: int  # of its first line in the file, from 1
    output: str | None  # what the file says that it prints


def blocks_of(path: Path) -> list[Block]:
    """The Python blocks of a Markdown file, in order."""
    text = path.read_text(encoding="utf-8")
    fences = list(FENCE.finditer(text))
    assert not {"py", "python3", "pycon"} & {fence["language"] for fence in fences}, "call it python"
    blocks = []
    for number, fence in enumerate(fences):
        if fence["language"] != "python":
            continue
        following = fences[number + 1] if number + 1 < len(fences) else None
        shows = (
            following is not None
            and following["language"] == "text"
            and not text[fence.end() : following.start()].strip()
        )
        line = text.count("\n", 0, fence.start("body")) + 1
        blocks.append(Block(fence["body"], line, following["body"] if following and shows else None))
    return blocks


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def write_samples(folder: Path) -> None:
    """Writes the files that the documentation reads.

    image.fits      float32, (300, 400), a header with OBJECT, EXPTIME and HISTORY
    image.fits.gz   the same, compressed
    rice.fits       int16, (300, 400), in Rice-compressed rows
    raw.fits        uint16 by the convention BZERO = 32768, (100, 120)
    mef.fits        a primary HDU without data, the images SCI 1, SCI 2 and ERR, the table CAT
    catalog.fits    300 rows of ID, RA, DEC, MAG and CLASS
    cutouts/        000.fits to 255.fits, int16, (64, 64)
    truncated.fits  the first half of image.fits
    notes.txt       not FITS
    """
    rng = np.random.default_rng(0)
    image = fits.PrimaryHDU(rng.normal(100, 5, (300, 400)).astype("f4"))
    image.header["OBJECT"] = ("M 13", "globular cluster")
    image.header["EXPTIME"] = (30.0, "seconds")
    image.header["HISTORY"] = "bias subtracted"
    image.header["HISTORY"] = "flat field divided"
    image.writeto(folder / "image.fits")
    image.writeto(folder / "image.fits.gz")
    fits.CompImageHDU(rng.integers(0, 1000, (300, 400), dtype="i2")).writeto(folder / "rice.fits")
    fits.writeto(folder / "raw.fits", rng.integers(0, 65536, (100, 120), dtype="u2"))

    sci = [rng.integers(0, 1000, (128, 96), dtype="i2") for _ in range(2)]
    table = fits.BinTableHDU.from_columns([fits.Column("RA", "D", array=np.zeros(3))], name="CAT")
    hdus = [
        fits.PrimaryHDU(),
        fits.ImageHDU(sci[0], name="SCI", ver=1),
        fits.ImageHDU(sci[1], name="SCI", ver=2),
        fits.ImageHDU(np.sqrt(sci[0]).astype("f4"), name="ERR"),
        table,
    ]
    hdus[0].header["INSTRUME"] = "CAMERA"
    fits.HDUList(hdus).writeto(folder / "mef.fits")

    (folder / "cutouts").mkdir()
    for number in range(256):
        cutout = rng.normal(100 + 50 * (number % 2), 10, (64, 64)).astype("i2")
        fits.writeto(folder / "cutouts" / f"{number:03d}.fits", cutout)
    _write_catalog(folder / "catalog.fits")
    whole = (folder / "image.fits").read_bytes()
    (folder / "truncated.fits").write_bytes(whole[: len(whole) // 2])
    (folder / "notes.txt").write_text("not FITS\n")


def _write_catalog(path: Path) -> None:
    rng = np.random.default_rng(1)
    columns = {
        "ID": ("K", np.arange(300) + 2**40),
        "RA": ("D", rng.random(300) * 360),
        "DEC": ("D", np.degrees(np.arcsin(rng.random(300) * 2 - 1))),
        "MAG": ("E", rng.normal(16, 2, 300)),
        "CLASS": ("6A", rng.choice(["STAR", "GALAXY", "QSO"], 300, p=[0.6, 0.3, 0.1])),
    }
    made = [fits.Column(name, form, array=values) for name, (form, values) in columns.items()]
    fits.BinTableHDU.from_columns(made).writeto(path)


def run_block(block: Block, namespace: dict[str, object], page: Path) -> None:
    """Runs a block statement by statement and compares what it shows."""
    lines = block.source.splitlines()
    printed = ""
    for statement in ast.parse(block.source).body:
        assert statement.end_lineno
        shown = SHOWN.search(lines[statement.end_lineno - 1])
        ast.increment_lineno(statement, block.line - 1)
        output = run_statement(statement, namespace, page)
        if shown:
            assert isinstance(statement, ast.Expr), f"# -> after what is no expression: {shown[0]}"
            assert_shown(shown[1], output.printed or repr(output.value), page, statement.lineno)
        printed += output.printed
    if block.output is not None:
        assert_shown(block.output, printed, page, block.line)


class Output(NamedTuple):
    """What came out of a statement."""

    printed: str
    value: object  # None if it is no expression


def run_statement(statement: ast.stmt, namespace: dict[str, object], page: Path) -> Output:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if isinstance(statement, ast.Expr):
            value = eval(compiled(ast.Expression(statement.value), page), namespace)
        else:
            value = exec(compiled(ast.Module([statement], []), page), namespace)
    return Output(printed.getvalue(), value)


def compiled(tree: ast.Expression | ast.Module, page: Path) -> CodeType:
    return compile(tree, str(page), "eval" if isinstance(tree, ast.Expression) else "exec")


def assert_shown(want: str, got: str, page: Path, line: int) -> None:
    same = doctest.OutputChecker().check_output(want.strip() + "\n", got.strip() + "\n", COMPARE)
    assert same, f"{page.name}:{line} shows\n{want.strip()}\nbut it is\n{got.strip()}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_samples(tmp_path)
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}

    for block in blocks_of(page):
        run_block(block, namespace, page)


def test_readme_has_python() -> None:
    assert len(blocks_of(ROOT / "README.md")) >= 5


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("1 + 1  # -> 3\n", None),
        ("print('a')  # -> b\n", None),
        ("x = 1  # -> 1\n", None),
        ("print('a')\n", "b\n"),
    ],
)
def test_run_block_false_claim(source: str, output: str | None) -> None:
    with pytest.raises(AssertionError):
        run_block(Block(source, 1, output), {}, Path("page.md"))


def test_run_block_true_claims(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Text\n\n```python\nx = [1,\n     2]\nx  # -> [1, 2]\nprint('time:', 12)  # -> time: ...\n```\n\n"
        "```text\ntime: ...\n```\n\n```python\nx.append(3)\nsum(x)  # -> 6\n```\ntext\n```text\nno\n```\n"
    )
    blocks = blocks_of(page)
    namespace: dict[str, object] = {}

    for block in blocks:
        run_block(block, namespace, page)

    assert [block.line for block in blocks] == [4, 15]
    assert [block.output for block in blocks] == ["time: ...\n", None]
    assert namespace["x"] == [1, 2, 3]
