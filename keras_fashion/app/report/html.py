"""HTML pages that need no other file: sections of text, facts, tables and pictures.

What a page holds is described by the classes of this module; how it looks is in the
Jinja templates `report.html` (the page) and `blocks.html`, which escape every text.
"""

import base64
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from numbers import Integral, Real
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple, TypeGuard

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure
from PIL import Image

from keras_fashion.atomic_files import atomic_write
from keras_fashion.evaluation.significance import Estimate

Cell = str | float | Estimate | None
"""A value of a table. None and NaN stand for what was not measured."""


@dataclass(frozen=True)
class Text:
    r"""Plain text.

    Attributes:
        text: The text; an empty line starts a new paragraph.

    Example:
        >>> Text("First.\n\nSecond.").paragraphs
        ['First.', 'Second.']
    """

    kind: ClassVar[str] = "text"
    text: str

    @property
    def paragraphs(self) -> list[str]:
        """Returns the paragraphs of the text."""
        paragraphs = (paragraph.strip() for paragraph in self.text.split("\n\n"))
        return [paragraph for paragraph in paragraphs if paragraph]


@dataclass(frozen=True)
class Facts:
    """Names and their values, such as the options and the versions of a run.

    Attributes:
        facts: The value of each name.
    """

    kind: ClassVar[str] = "facts"
    facts: Mapping[str, object]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: Heading of the column.
        best: Which of its numbers is shown in bold; none by default.
        digits: Decimal places of its floats.
    """

    name: str
    best: Literal["highest", "lowest"] | None = None
    digits: int = 3


class ShownCell(NamedTuple):
    """A cell as it is printed.

    Attributes:
        text: The value.
        interval: The ends of the value's interval; empty where it has none.
        is_best: Whether the cell is in bold.
    """

    text: str
    interval: str = ""
    is_best: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose first column names the rows.

    Attributes:
        caption: Text above the table.
        columns: One column for each cell of a row.
        rows: Text, numbers (Python's or NumPy's), and estimates, which are shown with their
            interval and compared by their mean. None and NaN stand for what was not measured.
        note: Small print below the table.
        reference: Names of rows that are not compared, such as an oracle. They are set apart and
            are never the best.

    Raises:
        ValueError: If a row has another number of cells than there are columns.

    Example:
        >>> table = Table("AUC", [Column("model"), Column("AUC", best="highest")],
        ...               [["poprank", 0.5], ["dvbpr", 0.75]])
        >>> [cell.text for cell in table.shown_cells(table.rows[1])]
        ['dvbpr', '0.750']
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    reference: Collection[Cell] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table '{self.caption}' has {len(self.columns)} columns, but row {row[:1]} "
                    f"has {len(row)} cells"
                )

    def is_numeric(self, number: int) -> bool:
        """Returns whether column `number` holds anything other than text."""
        return not all(isinstance(row[number], str) for row in self.rows)

    def shown_cells(self, row: Sequence[Cell]) -> list[ShownCell]:
        """Returns the cells of a row as they are printed."""
        cells = []
        for number, (value, column) in enumerate(zip(row, self.columns, strict=True)):
            text = format_cell(_mean(value), column.digits)
            is_best = text == self._best(number) and row[0] not in self.reference
            cells.append(ShownCell(text, _interval(value, column.digits), is_best))
        return cells

    def _best(self, number: int) -> str | None:
        """Returns the best value of a column as it is printed, which several cells may share."""
        column = self.columns[number]
        values = [_mean(row[number]) for row in self.rows if row[0] not in self.reference]
        finite = [value for value in values if _is_number(value) and math.isfinite(value)]
        if column.best is None or not finite:
            return None
        return format_cell(max(finite) if column.best == "highest" else min(finite), column.digits)


@dataclass(frozen=True)
class Picture:
    """A plot or a picture sheet.

    Attributes:
        caption: Text below the picture.
        image: A matplotlib figure, a Pillow image, or the bytes of a PNG file.
        alt: Description of the picture for those who cannot see it.

    Example:
        >>> from PIL import Image
        >>> Picture("A sheet.", Image.new("RGB", (8, 8)), "A black square.").url[:22]
        'data:image/png;base64,'
    """

    kind: ClassVar[str] = "picture"
    caption: str
    image: Figure | Image.Image | bytes
    alt: str

    @property
    def url(self) -> str:
        """Returns the picture as a data URL of a PNG file."""
        return f"data:image/png;base64,{base64.b64encode(_png(self.image)).decode('ascii')}"

    @property
    def width(self) -> int | None:
        """Returns the width at which a figure is shown, in CSS pixels.

        A figure has more pixels than that, for screens of high resolution. Other pictures are
        shown at their own width, for which this is None.
        """
        return round(100 * self.image.get_figwidth()) if isinstance(self.image, Figure) else None


Block = Text | Facts | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading and the blocks below it.

    Attributes:
        title: The heading.
        blocks: The blocks from top to bottom.

    Raises:
        TypeError: If a block is of another type.

    Example:
        >>> Section("Run", [Text("A first run."), Facts({"seed": 0})]).title
        'Run'
    """

    title: str
    blocks: Sequence[Block] = field(default_factory=list)

    def __post_init__(self) -> None:
        for block in self.blocks:
            if not isinstance(block, Block):
                raise TypeError(
                    f"a section holds Text, Facts, Table and Picture, received {type(block)}"
                )


def write_report(path: Path, title: str, sections: Sequence[Section], subtitle: str = "") -> None:
    """Writes sections as one HTML file that holds its styles and pictures and has no script.

    Every text is escaped, so names from a catalogue can hold any character. The file is written
    under another name and then renamed; its folder is made if it does not exist.

    Args:
        path: Path of the file, which is replaced if it exists.
        title: Title of the page.
        sections: Sections from top to bottom. If there are several, the page links to each.
        subtitle: A line below the title.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp()) / "report.html"
        >>> write_report(path, "Report", [Section("Run", [Facts({"epochs": 1200})])])
        >>> "<dt>epochs</dt><dd>1,200</dd>" in path.read_text()
        True
    """
    environment = Environment(
        loader=PackageLoader("keras_fashion.app.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = format_cell
    template = environment.get_template("report.html")
    page = template.render(title=title, subtitle=subtitle, sections=sections)
    with atomic_write(path) as aside:
        aside.write_text(page, encoding="utf-8")


def format_cell(value: object, digits: int = 3) -> str:
    """Formats a value for a page.

    Args:
        value: Any value.
        digits: Decimal places of a float.

    Returns:
        The number with separators of thousands and a minus sign, an en dash for None and NaN, or
        `str(value)` for anything else.

    Example:
        >>> format_cell(1234.5, digits=1), format_cell(7), format_cell([64, 64])
        ('1,234.5', '7', '[64, 64]')
    """
    if value is None or (isinstance(value, Real) and math.isnan(value)):
        return "\N{EN DASH}"
    if not _is_number(value):
        return str(value)
    text = f"{value:,}" if isinstance(value, Integral) else f"{value:,.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def _mean(value: Cell) -> str | float | None:
    return value.mean if isinstance(value, Estimate) else value


def _interval(value: Cell, digits: int) -> str:
    if not isinstance(value, Estimate) or value.low is None:
        return ""
    return f"{format_cell(value.low, digits)} to {format_cell(value.high, digits)}"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, Real) and not isinstance(value, bool)


def _png(image: Figure | Image.Image | bytes) -> bytes:
    if isinstance(image, bytes):
        return image
    buffer = BytesIO()
    if isinstance(image, Figure):
        image.savefig(buffer, format="png", dpi="figure")
    else:
        image.save(buffer, format="PNG")
    return buffer.getvalue()
