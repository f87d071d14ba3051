"""Guesses which columns of a shop's tables hold the users, items, times and categories.

The names decide first, because they say what is meant. Where a role has several known names, or
none, the contents decide: the items of interactions occur among the ids of the items, pictures are
named after items, a category has few values, and a time looks like a date. No library that we
depend on does this: pandas and pyarrow infer the types of columns and not their meaning.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from keras_fashion.data.sources.shop.picture_archive import some_picture_paths
from keras_fashion.data.sources.shop.text_table import TextTable, listed
from keras_fashion.errors import InputError

SAMPLE_ROWS = 10_000
SAMPLE_PICTURES = 1_000
MIN_ITEMS_PER_CATEGORY = 10
"""Mean number of items of a category, at least, for a column to look like categories."""

NAMES = {
    "user": (
        {"user"},
        {"userid", "customerid", "shopperid", "clientid", "buyerid", "visitorid", "reviewerid"},
        {"customer", "shopper", "client", "buyer", "uid", "memberid", "accountid", "customerno"},
    ),
    "item": (
        {"item"},
        {"itemid", "articleid", "productid", "sku", "asin", "parentasin", "skuid", "variantid"}
        | {"article", "product", "itemno", "articleno", "articlenumber", "productno", "productcode"}
        | {"itemcode", "articlecode", "ean", "gtin", "productsku", "itemsku"},
    ),
    "time": (
        {"time"},
        {"tdat", "date", "timestamp", "datetime", "orderdate", "purchasedate", "transactiondate"}
        | {"ordertime", "purchasetime", "orderedat", "purchasedat", "boughtat", "createdat"},
    ),
    "category": (
        {"category"},
        {"categoryname", "productcategory", "itemcategory", "maincategory"},
        {"productgroupname", "productgroup"},
        {"producttypename", "producttype", "articletype", "itemtype"},
        {"categoryid", "department", "departmentname", "garmentgroupname", "type"},
    ),
}
"""Known names of each role, as lower-case letters and digits; earlier sets take precedence."""

ITEM_IN_ITEMS = (*NAMES["item"], {"id"})
TIME = re.compile(r"\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{4}|\d{4}/\d\d?/\d\d?")


class Columns(NamedTuple):
    """The columns of a shop's tables by their role.

    Attributes:
        user: Column of the users in the interactions.
        item: Column of the items in the interactions.
        time: Column of the times in the interactions; None if there is none.
        item_in_items: Column of the ids in the items.
        category: Column of the categories in the items.
    """

    user: str
    item: str
    time: str | None
    item_in_items: str
    category: str


def guess_columns(
    interactions: TextTable,
    items: TextTable,
    images: Path,
    given: dict[str, str | None],
) -> Columns:
    """Checks the columns that are given and guesses the others.

    Args:
        interactions: Table with a row for each interaction.
        items: Table with a row for each item.
        images: Folder or archive of pictures that are named after items.
        given: Column of each of the roles "user", "item", "time" and "category", or None to guess
            it. If only one of the tables has the item's column, that of the other is guessed.

    Raises:
        InputError: If a given column is missing, or several columns may have a role.

    Example:
        >>> import tempfile
        >>> from keras_fashion.data.sources.shop.tables import open_table
        >>> folder = Path(tempfile.mkdtemp())
        >>> orders = pd.DataFrame({"customer": ["7"], "sku": ["0108"], "date": ["2026-01-31"]})
        >>> orders.to_csv(folder / "orders.csv", index=False)
        >>> pd.DataFrame({"sku": ["0108"], "color": ["red"]}).to_csv(folder / "items.csv")
        >>> guess_columns(
        ...     open_table(folder / "orders.csv"),
        ...     open_table(folder / "items.csv"),
        ...     folder / "pictures",
        ...     {"user": None, "item": None, "time": None, "category": "color"},
        ... )
        Columns(user='customer', item='sku', time='date', item_in_items='sku', category='color')
    """
    in_items, in_interactions = _named_item(given["item"], items, interactions)
    if in_items is None:
        in_items = _guess_item_of_items(items, images)
    category = given["category"] and items.check_column(given["category"], "category_column")
    if category is None:
        category = _guess(items, "category", [in_items], _looks_like_categories)
    if in_interactions is None:
        in_interactions = _guess_item_of_interactions(interactions, items, in_items)
    user = given["user"] and interactions.check_column(given["user"], "user_column")
    time = given["time"] and interactions.check_column(given["time"], "time_column")
    if time is None:
        time = _guess_time(interactions, [in_interactions, user])
    if user is None:
        user = _guess(interactions, "user", [in_interactions, time], lambda _: True)
    return Columns(user, in_interactions, time, in_items, category)


def _named_item(
    name: str | None, items: TextTable, interactions: TextTable
) -> tuple[str | None, str | None]:
    if name is None:
        return None, None
    here, there = name in items.columns, name in interactions.columns
    return (
        items.check_column(name, "item_column") if here or not there else None,
        interactions.check_column(name, "item_column") if there or not here else None,
    )


def _guess_item_of_items(items: TextTable, images: Path) -> str:
    candidates = _known(items, ITEM_IN_ITEMS)
    if len(candidates) != 1:
        paths = some_picture_paths(images, SAMPLE_PICTURES)
        stems = {posixpath.splitext(posixpath.basename(path))[0] for path in paths}
        possible = [name for name in _usable(items) if not candidates or name in candidates]
        candidates = _most(_hits(items.read(possible), stems)) or candidates
    return _only(candidates, items, "item")


def _guess_item_of_interactions(interactions: TextTable, items: TextTable, in_items: str) -> str:
    known = _known(interactions, NAMES["item"])
    ids = set(items.read([in_items])[in_items].tolist())
    hits = _hits(interactions.read(_usable(interactions), SAMPLE_ROWS), ids)
    # A column without a hit may still be the right one: the ids of one file may have lost zeros.
    candidates = _most({name: hits.get(name, 0) for name in known}) or known or _most(hits)
    return _only(candidates, interactions, "item")


def _guess_time(interactions: TextTable, taken: Sequence[str | None]) -> str | None:
    """Guesses the column of the times, the only role that no column need have."""
    candidates = [name for name in _known(interactions, NAMES["time"]) if name not in taken]
    if not candidates:
        candidates = _fitting(interactions, taken, _looks_like_times)
    return _only(candidates, interactions, "time") if candidates else None


def _guess(
    table: TextTable,
    role: str,
    taken: Sequence[str | None],
    fits: Callable[[pd.Series], bool],
) -> str:
    candidates = [name for name in _known(table, NAMES[role]) if name not in taken]
    return _only(candidates or _fitting(table, taken, fits), table, role)


def _known(table: TextTable, tiers: Sequence[set[str]]) -> list[str]:
    """Returns the columns whose names are in the first set that contains any of them."""
    plain = {name: re.sub(r"[\W_]", "", name.casefold()) for name in table.columns}
    found = ([name for name, short in plain.items() if short in tier] for tier in tiers)
    return next((columns for columns in found if columns), [])


def _usable(table: TextTable) -> list[str]:
    return [name for name, count in Counter(table.columns).items() if name and count == 1]


def _fitting(
    table: TextTable, taken: Sequence[str | None], fits: Callable[[pd.Series], bool]
) -> list[str]:
    free = [name for name in _usable(table) if name not in taken]
    sample = table.read(free, SAMPLE_ROWS)
    return [name for name in free if fits(sample.loc[:, name])]


def _hits(columns: pd.DataFrame, ids: set[str]) -> dict[str, int]:
    """Returns how many values of each column are among the ids."""
    return {str(name): sum(value in ids for value in values) for name, values in columns.items()}


def _most(hits: dict[str, int]) -> list[str]:
    """Returns the columns with at least half as many hits as the best one, and with any."""
    best = max(hits.values(), default=0)
    return [name for name, count in hits.items() if count and 2 * count >= best]


def _only(candidates: list[str], table: TextTable, role: str) -> str:
    if len(candidates) == 1:
        return table.check_column(candidates[0], f"{role}_column")
    if candidates:
        raise InputError(
            f"{table.path} has several columns that may be the {role}: {listed(candidates)}. "
            f"Name the right one with `{role}_column`"
        )
    raise InputError(
        f"{table.path} has no column that looks like the {role}; its columns are "
        f"{listed(table.columns)}. Name the right one with `{role}_column`"
    )


def _looks_like_categories(values: pd.Series) -> bool:
    filled = values.loc[values.str.strip() != ""]
    return bool(1 < filled.nunique() <= len(filled) / MIN_ITEMS_PER_CATEGORY)


def _looks_like_times(values: pd.Series) -> bool:
    filled = values.loc[values != ""]
    return len(filled) > 0 and bool(filled.str.match(TIME).all())
