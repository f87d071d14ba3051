"""The abstract base class of all sources of a catalogue."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # Naming a source, as a help text does, does not wait for the import of pandas.
    import pandas as pd


class Skip(Protocol):
    """A callable that a source calls for each record that it leaves out.

    It counts and lists the records or refuses them: `keras_fashion.data.usable_rows.Skipped`.
    """

    def __call__(self, reason: str, where: str, value: str) -> None:
        """Leaves a record out.

        Args:
            reason: Short fixed phrase, such as "item without a picture".
            where: File and row, or the name of the picture.
            value: The id or other text that identifies the record.

        Raises:
            InputError: If records that cannot be used are to be refused.
        """


class Source(ABC):
    """Items with pictures and the interactions of users with them, from any kind of data.

    A source only lists the records and reads a picture when it is asked for.
    `keras_fashion.data.prepare` checks the records and writes the catalogue. Faults that any source
    may have (ids that are empty or occur twice, pictures that cannot be decoded, interactions with
    unknown items) are handled there and nowhere else.

    The constructor of a subclass takes the files or the seed and raises `InputError` if they cannot
    be used. All ids and categories are text and are never converted to numbers.

    Attributes:
        name: Name in snake_case, which becomes the name of the TFDS data set.
        description: Description of the data in a sentence or two.
        homepage: Address of the data.
        citation: BibTeX entry of the paper that published the data.
        license: What is known of the license of the data.
        attributes: Names of the categorical columns other than the category.

    Example:
        >>> import pandas as pd
        >>> class Garments(Source):
        ...     name = "garments"
        ...     description = "Two garments and no interactions."
        ...
        ...     def items(self, skip, scratch):
        ...         return pd.DataFrame(
        ...             {"item": ["1", "2"], "category": "Tops", "picture": ["1.jpg", "2.jpg"]}
        ...         )
        ...
        ...     def interactions(self):
        ...         return pd.DataFrame({"user": [], "item": []}, dtype="str")
        ...
        ...     @property
        ...     def read_picture(self):
        ...         return lambda reference: Path(reference).read_bytes()
        >>> Garments().item_place(0)
        'item 1'
    """

    name: str
    description: str
    homepage: str = ""
    citation: str = ""
    license: str = ""
    attributes: tuple[str, ...] = ()

    @abstractmethod
    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Lists the items without reading their pictures.

        Args:
            skip: Called for each record that the source itself leaves out.
            scratch: Folder for temporary files, which exists until the catalogue is prepared.

        Returns:
            A table with one row for each item, in the order of the catalogue. It has text columns
            `item`, `category` and one for each attribute, and a column `picture` with arguments of
            `read_picture`, or None for items without a picture. The index is 0, 1, 2, ... or what
            `item_place` takes.

        Raises:
            InputError: If a file cannot be used.
        """

    @abstractmethod
    def interactions(self) -> pd.DataFrame:
        """Lists the interactions.

        Returns:
            A table with one row for each interaction and text columns `user`, `item` and optionally
            `time`, where "" stands for "not known". It has no rows if the source has only pictures.

        Raises:
            InputError: If a file cannot be used.
        """

    @property
    @abstractmethod
    def read_picture(self) -> Callable[[Any], bytes]:
        """Function that reads an encoded picture, given a value of the column `picture`.

        It must be picklable and thread-safe, because other processes and machines may read the
        pictures. It raises `OSError` or `ValueError` if a picture cannot be read.
        """

    def item_place(self, index: int) -> str:
        """Describes for messages where an item comes from.

        Args:
            index: Index of its row in `items`.
        """
        return f"item {index + 1}"

    def interaction_place(self, index: int) -> str:
        """Describes for messages where an interaction comes from.

        Args:
            index: Index of its row in `interactions`.
        """
        return f"interaction {index + 1}"

    def write_extras(self, folder: Path) -> None:  # noqa: B027 - most sources have none
        """Writes further files of the source beside those of the catalogue; by default none.

        Args:
            folder: The folder of the catalogue.
        """


def printable(text: str, length: int = 300) -> str:
    r"""Shortens a text and escapes control characters, which could alter a terminal.

    Args:
        text: Text from a file of unknown origin.
        length: Maximum number of characters to keep.

    Example:
        >>> print(printable("red\n" + "x" * 9, length=8))
        red\nxxxx...
    """
    shown = text[:length] + ("..." if len(text) > length else "")
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown
    )
