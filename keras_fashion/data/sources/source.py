"""The abstract base of all sources of a catalogue."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol


def printable(text: str, length: int = 300) -> str:
    """Cuts a text and escapes what would break the line or command the terminal."""
    shown = text[:length] + ("..." if len(text) > length else "")
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown
    )


if TYPE_CHECKING:  # the command line names sources in its help, and need not wait for pandas
    import pandas as pd


class Skip(Protocol):
    """Told of each record that is left out; it counts and lists them, or refuses."""

    def __call__(self, reason: str, where: str, value: str) -> None:
        """Leaves a record out.

        Args:
            reason: Short fixed phrase, such as "item without a picture".
            where: File and row, or the picture's name.
            value: What is left out: an id, or whatever identifies it.

        Raises:
            InputError: If the user wants bad records refused.
        """


class Source(ABC):
    """Items with pictures, and who bought what, wherever they come from.

    A source only lists what there is and reads a picture when it is asked for.
    `keras_fashion.data.prepare` checks it all and writes the catalogue; what is said here of
    every source (ids that are empty or occur twice, pictures that do not decode, interactions on
    unknown items) is checked there and nowhere else.

    A source gets its files or its seed in the constructor, which raises `InputError` for what
    cannot be used. All ids and categories are text: nothing is converted to a number on the way.

    Attributes:
        name: snake_case; also the name of the TFDS data set.
        description: What the data are, in a sentence or two.
        homepage: Where they come from.
        citation: BibTeX of the paper that they come from.
        licence: What is known of it.
        attributes: Names of the category columns beside the category; by default none.
    """

    name: str
    description: str
    homepage: str = ""
    citation: str = ""
    licence: str = ""
    attributes: tuple[str, ...] = ()

    @abstractmethod
    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Lists the items without reading their pictures.

        Args:
            skip: Told of what the source itself leaves out.
            scratch: Folder for temporary files; it lasts as long as the preparation.

        Returns:
            A row an item, in the catalogue's order, with text columns `item`, `category` and one
            for each attribute, and a column `picture` of whatever `read_picture` takes, None where
            the item has none. The index is 0, 1, 2, ... or what `item_place` understands.

        Raises:
            InputError: If a file cannot be used.
        """

    @abstractmethod
    def interactions(self) -> pd.DataFrame:
        """Lists the interactions, a row each, with text columns `user`, `item` and maybe `time`.

        An empty time is not known. A source of pictures alone gives no rows.

        Raises:
            InputError: If a file cannot be used.
        """

    @property
    @abstractmethod
    def read_picture(self) -> Callable[[Any], bytes]:
        """Reads an encoded picture, given what stands in the column `picture` of the items.

        It is a function or a small object that can be pickled and that several threads may call
        at once, since pictures may be read by other processes and on other machines. It raises
        OSError or ValueError for a picture that cannot be read.
        """

    def item_place(self, index: int) -> str:
        """Says where the item of this index in `items` comes from, for messages."""
        return f"item {index + 1}"

    def interaction_place(self, index: int) -> str:
        """Says where the interaction of this index in `interactions` comes from."""
        return f"interaction {index + 1}"

    def write_extras(self, folder: Path) -> None:  # noqa: B027 - most have none
        """Writes files of the source's own beside the catalogue's; none unless it says so."""
