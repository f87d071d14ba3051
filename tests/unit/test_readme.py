"""The README and docs/ are finished, and what they name is there."""

import re
import shlex
from pathlib import Path

import click
import numpy as np
import pytest
from bare_networks import bare

from keras_fashion.app.cli.main import main
from keras_fashion.models import RECOMMENDERS

ROOT = Path(__file__).parents[2]
PAGES = {path: path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))}
README = PAGES[ROOT / "README.md"]
LINKS = sorted(
    {(page, link) for page, text in PAGES.items() for link in re.findall(r"\]\(([^)\s]+)", text)}
)
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)).replace("\\\n", " ")
COMMANDS = [line for line in SHELL.splitlines() if line.startswith("keras-fashion ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_placeholder_is_left(page):
    assert re.findall(r"TO-MEASURE|\b[A-Z]+_(?:TABLES?|SECTION)\b", PAGES[page]) == []


@pytest.mark.parametrize("page, link", LINKS)
def test_every_picture_file_and_heading_that_they_name_exists(page, link):
    if link.startswith(("http://", "https://")):
        return
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    assert target.is_file()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
        anchors = [re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings]
        assert anchor in anchors


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_that_it_shows_has_these_options(line):
    words = shlex.split(line, comments=True)[1:]
    command = main
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))
    known = {option for each in command.params for option in each.opts}
    assert {word for word in words if re.match(r"--?[a-z]", word)} <= known | {
        option for each in command.params for option in each.secondary_opts
    }


def test_it_lists_every_recommender_in_the_order_of_the_command():
    table = re.search(r"\| model \| a user gets.*?\n\n", README, re.DOTALL)[0]
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [*RECOMMENDERS]


def test_every_target_of_make_that_it_names_is_there():
    named = set(re.findall(r"\bmake ([a-z-]+)(?=`|   )", README))
    assert named
    assert named <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_first_example_designs_with_the_models_that_come_with_the_package():
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    names = {}
    exec(code, names)
    designs, dvbpr, gan = names["designs"], names["dvbpr"], names["gan"]
    assert designs.pictures.shape == (1, 3, 64, 64, 3)
    latents = np.random.default_rng(0).uniform(-1, 1, (100, gan.latent_dim))
    embeddings, _, _ = bare(dvbpr, gan, latents, category=1)
    preference = embeddings @ np.asarray(dvbpr.user_embedding([0])[0])
    assert designs.preference.min() > np.quantile(preference, 0.9)
