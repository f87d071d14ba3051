"""The report: one HTML file that needs nothing else, with tables, facts, text and pictures."""

import base64
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from html import escape
from importlib import resources
from io import BytesIO
from numbers import Integral, Real
from pathlib import Path
from string import Template
from typing import Literal

from matplotlib.figure import Figure
from PIL import Image

from keras_fashion.atomic_files import atomic_write
from keras_fashion.evaluation.significance import Estimate

Cell = str | float | Estimate | None


@dataclass(frozen=True)
class Text:
    """Plain text; an empty line starts a new paragraph."""

    text: str


@dataclass(frozen=True)
class Facts:
    """What a run was: names and their values, as options, versions and times."""

    facts: Mapping[str, Cell]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        name: its heading.
        best: which of its numbers is shown bold; None marks none.
        digits: decimal places of its floats.
    """

    name: str
    best: Literal["highest", "lowest"] | None = None
    digits: int = 3


@dataclass(frozen=True)
class Table:
    """A table whose first column names the rows.

    Args:
        caption: stands above it.
        columns: one for each cell of a row.
        rows: text, numbers (NumPy's too), estimates, which are shown with their interval and
            compared by their mean, or None or NaN for what was not measured.
        note: small print below it.
        reference: names of rows that are no contestants, as an oracle: set apart, never best.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    reference: Collection[str] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table '{self.caption}' has {len(self.columns)} columns, but row {row[:1]} "
                    f"has {len(row)} cells"
                )


@dataclass(frozen=True)
class Picture:
    """A plot or a picture sheet.

    Args:
        caption: stands below it.
        image: a matplotlib figure, a Pillow image, or the bytes of a PNG file.
        alt: what it shows, in words, for those who cannot see it.
    """

    caption: str
    image: Figure | Image.Image | bytes
    alt: str


Block = Text | Facts | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: Sequence[Block] = field(default_factory=list)


def write_report(path: Path, title: str, sections: Sequence[Section], subtitle: str = "") -> None:
    """Writes sections as one HTML file: styles and pictures inside, no script, no request.

    Every text is escaped, so that names from a catalogue can hold anything. The file is written
    aside and then renamed; its folder is made where it does not exist.

    Args:
        path: the file, replaced where it exists.
        title: of the page.
        sections: from top to bottom; with more than one, links to them stand under the title.
        subtitle: one line under the title.
    """
    template = Template(resources.files(__package__).joinpath("report.html").read_text("utf-8"))
    page = template.substitute(
        title=escape(title),
        subtitle=f'<p class="subtitle">{escape(subtitle)}</p>' if subtitle else "",
        contents=_contents(sections),
        sections="\n".join(_section(n, section) for n, section in enumerate(sections, start=1)),
    )
    with atomic_write(path) as aside:
        aside.write_text(page, encoding="utf-8")


def _contents(sections: Sequence[Section]) -> str:
    if len(sections) < 2:
        return ""
    links = "".join(
        f'<li><a href="#section-{number}">{escape(section.title)}</a></li>'
        for number, section in enumerate(sections, start=1)
    )
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


def _section(number: int, section: Section) -> str:
    blocks = "\n".join(_block(block) for block in section.blocks)
    return (
        f'<section id="section-{number}" aria-labeledby="title-{number}">\n'
        f'<h2 id="title-{number}">{escape(section.title)}</h2>\n{blocks}\n</section>'
    )


@singledispatch
def _block(block: Block) -> str:
    raise TypeError(f"a section holds Text, Facts, Table and Picture, received {type(block)}")


@_block.register
def _(block: Text) -> str:
    paragraphs = (paragraph.strip() for paragraph in block.text.split("\n\n"))
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs if paragraph)


@_block.register
def _(block: Facts) -> str:
    entries = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{_cell_text(value, digits=3)}</dd></div>"
        for name, value in block.facts.items()
    )
    return f"<dl>{entries}</dl>"


@_block.register
def _(block: Picture) -> str:
    png = base64.b64encode(_png(block.image)).decode("ascii")
    # A figure has more pixels than it is shown with, for sharp screens.
    is_figure = isinstance(block.image, Figure)
    width = f' width="{round(100 * block.image.get_figwidth())}"' if is_figure else ""
    return (
        '<figure><div class="scroll" tabindex="0">'
        f'<img src="data:image/png;base64,{png}" alt="{escape(block.alt)}"{width}></div>'
        f"<figcaption>{escape(block.caption)}</figcaption></figure>"
    )


@_block.register
def _(table: Table) -> str:
    numeric = [
        not all(isinstance(row[number], str) for row in table.rows)
        for number in range(len(table.columns))
    ]
    best = [_best(table, number) for number in range(len(table.columns))]
    headings = "".join(
        f'<th scope="col"{_number_class(is_number)}>{escape(column.name)}</th>'
        for column, is_number in zip(table.columns, numeric, strict=True)
    )
    rows = []
    for row in table.rows:
        is_reference = row[0] in table.reference
        cells = [f'<th scope="row"{_number_class(numeric[0])}>{_cell_text(row[0], 3)}</th>']
        for number, value in list(enumerate(row))[1:]:
            digits = table.columns[number].digits
            text = _cell_text(_mean(value), digits)
            if text == best[number] and not is_reference:
                text = f"<strong>{text}</strong>"
            interval = _interval(value, digits)
            cells.append(f"<td{_number_class(numeric[number])}>{text}{interval}</td>")
        row_class = ' class="reference"' if is_reference else ""
        rows.append(f"<tr{row_class}>{''.join(cells)}</tr>")
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="scroll" tabindex="0"><table><caption>{escape(table.caption)}</caption>'
        f"<thead><tr>{headings}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>{note}"
    )


def _best(table: Table, number: int) -> str | None:
    """The best value of a column as it is printed: what prints alike shares the honor."""
    column = table.columns[number]
    values = [_mean(row[number]) for row in table.rows if row[0] not in table.reference]
    values = [value for value in values if _is_number(value)]
    if column.best is None or not values:
        return None
    return _cell_text(max(values) if column.best == "highest" else min(values), column.digits)


def _mean(value: Cell) -> str | float | None:
    return value.mean if isinstance(value, Estimate) else value


def _interval(value: Cell, digits: int) -> str:
    if not isinstance(value, Estimate) or value.low is None:
        return ""
    ends = (_cell_text(end, digits) for end in (value.low, value.high))
    return f'<small class="interval">{" to ".join(ends)}</small>'


def _is_number(value: Cell) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _cell_text(value: Cell, digits: int) -> str:
    """A cell as HTML; what was not measured is a dash."""
    if value is None or (isinstance(value, Real) and math.isnan(value)):
        return "&ndash;"
    if isinstance(value, bool) or not isinstance(value, Real):
        return escape(str(value))
    text = f"{value:,}" if isinstance(value, Integral) else f"{value:,.{digits}f}"
    return text.replace("-", "&minus;")


def _number_class(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def _png(image: Figure | Image.Image | bytes) -> bytes:
    if isinstance(image, bytes):
        return image
    buffer = BytesIO()
    if isinstance(image, Figure):
        image.savefig(buffer, format="png", dpi="figure")
    else:
        image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
