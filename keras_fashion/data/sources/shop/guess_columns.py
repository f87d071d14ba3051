"""Guess which columns of a shop's files hold the users, items, times and categories.

Names come first, because they say what is meant; where a role has several names, or none that is
known, the content decides: the items of purchases occur among the items' ids, pictures are named
after items, a category has few values, a time looks like one. What neither decides is refused.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from keras_fashion.data.sources.shop.picture_archive import some_picture_paths
from keras_fashion.data.sources.shop.tables import TextTable, names
from keras_fashion.errors import InputError

SAMPLE_ROWS = 10_000
SAMPLE_PICTURES = 1_000
FEW = 10
"""A category has at most one value for so many items."""

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
"""Known names of each role, lower-case letters and digits alone; earlier sets go before."""

ITEM_IN_ITEMS = (*NAMES["item"], {"id"})
TIME = re.compile(r"\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{4}|\d{4}/\d\d?/\d\d?")


class Columns(NamedTuple):
    """Which column holds what.

    Attributes:
        user: Of the interactions.
        item: Of the interactions.
        time: Of the interactions; None if there is none.
        item_of_items: Of the items.
        category: Of the items.
    """

    user: str
    item: str
    time: str | None
    item_of_items: str
    category: str


def guess_columns(
    interactions: TextTable,
    items: TextTable,
    images: Path,
    named: dict[str, str | None],
) -> Columns:
    """Finds the columns that are named and guesses the others.

    Args:
        interactions: A row an interaction.
        items: A row an item.
        images: Folder or archive of pictures that are named after items.
        named: The columns that the user named: user, item, time and category, each None if not.
            The item's may be that of one file alone; the other's is then guessed.

    Raises:
        InputError: If a named column is missing or several could be meant.
    """
    in_items, in_interactions = _named_item(named["item"], items, interactions)
    if in_items is None:
        in_items = _guess_item_of_items(items, images)
    category = named["category"] and items.find(named["category"], "--category-column")
    if category is None:
        category = _guess(items, "category", [in_items], _looks_like_categories)
    if in_interactions is None:
        in_interactions = _guess_item_of_interactions(interactions, items, in_items)
    user = named["user"] and interactions.find(named["user"], "--user-column")
    time = named["time"] and interactions.find(named["time"], "--time-column")
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
        items.find(name, "--item-column") if here or not there else None,
        interactions.find(name, "--item-column") if there or not here else None,
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
    # A column without a hit may still be meant: the ids of one file may have lost their zeros.
    candidates = _most({name: hits.get(name, 0) for name in known}) or known or _most(hits)
    return _only(candidates, interactions, "item")


def _guess_time(interactions: TextTable, taken: Sequence[str | None]) -> str | None:
    """The only role that may stay empty."""
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
    """Columns whose name is in the first set that has any of them."""
    plain = {name: re.sub(r"[\W_]", "", name.casefold()) for name in table.columns}
    found = ([name for name, short in plain.items() if short in tier] for tier in tiers)
    return next((columns for columns in found if columns), [])


def _usable(table: TextTable) -> list[str]:
    return [name for name, count in Counter(table.columns).items() if name and count == 1]


def _fitting(
    table: TextTable, taken: Sequence[str | None], fits: Callable[[pd.Series], bool]
) -> list[str]:
    free = [name for name in _usable(table) if name not in taken]
    return [name for name, values in table.read(free, SAMPLE_ROWS).items() if fits(values)]


def _hits(columns: pd.DataFrame, ids: set[str]) -> dict[str, int]:
    """How many values of each column are among the ids."""
    return {name: sum(value in ids for value in values) for name, values in columns.items()}


def _most(hits: dict[str, int]) -> list[str]:
    """Columns with at least half the hits of the best; none if nobody has any."""
    best = max(hits.values(), default=0)
    return [name for name, count in hits.items() if count and 2 * count >= best]


def _only(candidates: list[str], table: TextTable, role: str) -> str:
    if len(candidates) == 1:
        return table.find(candidates[0], f"--{role}-column")
    if candidates:
        raise InputError(
            f"{table.path} has several columns that may be the {role}: {names(candidates)}. "
            f"Name the right one with --{role}-column"
        )
    raise InputError(
        f"{table.path} has no column that looks like the {role}; its columns are "
        f"{names(table.columns)}. Name the right one with --{role}-column"
    )


def _looks_like_categories(values: pd.Series) -> bool:
    filled = values[values.str.strip() != ""]
    return 1 < filled.nunique() <= len(filled) / FEW


def _looks_like_times(values: pd.Series) -> bool:
    filled = values[values != ""]
    return len(filled) > 0 and bool(filled.str.match(TIME).all())
