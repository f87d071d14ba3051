import base64
import re
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from keras_fashion.app.report.html import Column, Facts, Picture, Section, Table, Text, write_report
from keras_fashion.evaluation.significance import Estimate

HOSTILE = """<script>alert("x")</script> ' " & {{ title }} {% endif %} </table>"""


class Page(HTMLParser):
    """Reads a page as a browser would: its tags, its text, and that every tag is closed."""

    VOID = frozenset({"meta", "img", "link", "br"})

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.cells, self.text = [], [], [], ""
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def written(tmp_path, *blocks, title="title", subtitle=""):
    write_report(tmp_path / "report.html", title, [Section("section", blocks)], subtitle)
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def cell_html(page):
    return re.findall(r"<td[^>]*>(.*?)</td>", page)


def png():
    buffer = BytesIO()
    Image.new("RGB", (3, 2), "red").save(buffer, format="PNG")
    return buffer.getvalue()


def test_hostile_names_are_text_everywhere(tmp_path):
    sections = [
        Section(
            HOSTILE,
            [
                Text(HOSTILE),
                Facts({HOSTILE: HOSTILE}),
                Table(HOSTILE, [Column(HOSTILE)], [[HOSTILE]], HOSTILE),
                Table("t", [Column("a"), Column("b", "highest")], [["x", HOSTILE], ["y", 1.0]]),
                Picture(HOSTILE, png(), HOSTILE),
            ],
        ),
        Section("second", []),
    ]
    write_report(tmp_path / "report.html", HOSTILE, sections, HOSTILE)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert not page.all("script")
    assert page.all("img")[0]["alt"] == HOSTILE
    # title, h1, subtitle, contents, h2, text, fact's name and value, table's caption, heading,
    # cell and note, the second table's cell, the picture's caption.
    assert page.text.count(HOSTILE) == 14


def test_the_page_asks_for_nothing(tmp_path):
    page = written(tmp_path, Picture("p", png(), "red"), Text("t"), Facts({"a": 1}))
    assert not re.search(r"https?:|//[a-z]|@import|url\(", page)
    assert {name for name, _ in Page(page).tags}.isdisjoint({"link", "script", "iframe"})


def test_pictures_are_embedded_exactly(tmp_path):
    page = Page(written(tmp_path, Picture("p", png(), "a red square")))
    (image,) = page.all("img")
    kind, data = image["src"].split(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data) == png()


def test_figures_and_pillow_images_become_png(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    page = written(
        tmp_path,
        Picture("p", Image.fromarray(pixels), "noise"),
        Picture("f", Figure(figsize=(2, 1), dpi=150), "empty"),
    )
    image, figure = (
        Image.open(BytesIO(base64.b64decode(attributes["src"].split(",")[1])))
        for attributes in Page(page).all("img")
    )
    np.testing.assert_array_equal(np.asarray(image), pixels)
    assert figure.size == (300, 150)


def test_the_best_of_a_column_is_bold_and_the_reference_never_is(tmp_path):
    table = Table(
        "AUC",
        [Column("model"), Column("AUC", "highest"), Column("seconds", "lowest", digits=1)],
        [["oracle", 0.99, 0.0], ["a", 0.8, 9.0], ["b", 0.80004, 30.0], ["c", -0.5, float("nan")]],
        reference=["oracle"],
    )
    page = written(tmp_path, table)
    assert cell_html(page) == [
        "0.990",
        "0.0",
        "<strong>0.800</strong>",
        "<strong>9.0</strong>",
        "<strong>0.800</strong>",  # printed alike, so it is bold, too
        "30.0",
        "\N{MINUS SIGN}0.500",
        "\N{EN DASH}",
    ]
    assert Page(page).all("tr")[1] == {"class": "reference"}


def test_an_estimate_stands_over_its_interval_and_competes_by_its_mean(tmp_path):
    rows = [["a", Estimate(0.5, 0.25, 0.75)], ["b", Estimate(0.4, -0.1, 0.9)], ["c", Estimate(0.5)]]
    page = written(tmp_path, Table("t", [Column("model"), Column("AUC", "highest", 2)], rows))
    assert cell_html(page) == [
        '<strong>0.50</strong><small class="interval">0.25 to 0.75</small>',
        '0.40<small class="interval">\N{MINUS SIGN}0.10 to 0.90</small>',
        "<strong>0.50</strong>",
    ]


def test_numbers_are_formatted_and_right_aligned(tmp_path):
    columns = [Column("name"), Column("count"), Column("value", digits=2), Column("kind")]
    table = Table(
        "t", columns, [["a", np.int64(12345), np.float32(1234.5), "x-y"], ["b", None, 1, "z"]]
    )
    page = Page(written(tmp_path, table))
    assert page.cells == [
        *("name", "count", "value", "kind"),
        *("a", "12,345", "1,234.50", "x-y"),
        *("b", "\N{EN DASH}", "1", "z"),
    ]
    assert [cell.get("class") for cell in page.all("td")[:3]] == ["number", "number", None]
    assert [cell["scope"] for cell in page.all("th")] == ["col"] * 4 + ["row"] * 2


def test_facts_and_paragraphs(tmp_path):
    page = Page(written(tmp_path, Text("one\n\ntwo"), Facts({"flip": True, "size": [64, 64]})))
    assert len(page.all("p")) == 2
    assert len(page.all("dt")) == len(page.all("dd")) == 2
    assert "True" in page.text and "[64, 64]" in page.text


def test_contents_link_to_every_section(tmp_path):
    path = tmp_path / "new" / "report.html"
    write_report(path, "t", [Section("one", []), Section("two", [])])
    page = Page(path.read_text(encoding="utf-8"))
    targets = {attributes["href"] for attributes in page.all("a")}
    assert targets == {f"#{attributes['id']}" for attributes in page.all("section")}


def test_a_failed_write_leaves_the_old_report(tmp_path):
    old = written(tmp_path, Text("old"))
    with pytest.raises(OSError):  # an unreadable PNG file is found before anything is written
        written(tmp_path, Picture("p", Image.open(BytesIO(png()[:40])), "broken"))
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == old
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_refuses_a_ragged_table_and_an_unknown_block(tmp_path):
    with pytest.raises(ValueError, match="'t' has 2 columns"):
        Table("t", [Column("a"), Column("b")], [["x"]])
    with pytest.raises(TypeError, match="Text, Facts, Table and Picture"):
        written(tmp_path, "just a string")
