"""Amazon Reviews: reviews of users, and products with the addresses of their pictures."""

import difflib
import re
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from keras_fashion.data.sources.amazon.editions import CategoryPath, as_text, recognize_edition
from keras_fashion.data.sources.amazon.json_lines import read_json_lines
from keras_fashion.data.sources.amazon.review_table import ReviewTable
from keras_fashion.data.sources.source import Skip, Source
from keras_fashion.data.sources.web_pictures.picture_fetcher import PictureFetcher
from keras_fashion.data.sources.web_pictures.picture_folder import file_stem, find_pictures
from keras_fashion.errors import InputError

_ID_FIRST = re.compile(rb"\{['\"](?:parent_)?asin['\"]: ?['\"](\w+)['\"]")


class AmazonReviews(Source):
    """Amazon Reviews of 2014, 2018 or 2023, as downloaded: reviews and metadata, plain or gzip.

    The edition is recognized from the records. Every review is an interaction, whatever its rating,
    as in the paper; its time becomes a date. The items are those of the metadata that have a
    review, in the order of the metadata.

    The category of an item is its path from below the department ("Clothing, Shoes & Jewelry")
    down to `category_level`, such as "Women / Clothing / Dresses". Of several paths (2014) the
    first one that is deep enough counts, or else the deepest. If `categories` are given, only the
    paths with one of them at any level count.

    The files are read as streams. What stays in memory is 16 bytes for each review, the ids, and
    the category and address of each item that can be in the catalogue.

    Args:
        reviews: File of the reviews.
        metadata: File of the items, of the same edition.
        pictures: Folder of the pictures; see `find_pictures`.
        categories: Names of categories, case-insensitive. Only items in one of them, at any level,
            are taken; by default all items.
        category_level: Level of the path that ends the category; the department is level 1.
        core: Number of interactions with distinct partners that each user and each item must have;
            see `k_core`. Items without a picture do not count. Items whose picture turns out not to
            be decodable do.
        fetcher: Fetches the missing pictures into `pictures`. By default nothing is fetched.

    Raises:
        InputError: If a file cannot be read or is of no edition, or they are of different ones.

    Example:
        >>> import json, tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> reviews, metadata = folder / "reviews.json", folder / "metadata.json"
        >>> record = {"reviewerID": "ann", "asin": "B1", "unixReviewTime": 1355443200}
        >>> _ = reviews.write_text(json.dumps(record))
        >>> _ = metadata.write_text('{"asin": "B1", "categories": [["Clothing", "Women", "Bags"]]}')
        >>> _ = (folder / "B1.jpg").write_bytes(b"JPEG")
        >>> source = AmazonReviews(reviews, metadata, pictures=folder)
        >>> source.items(skip=print, scratch=folder)[["item", "category"]].to_numpy().tolist()
        [['B1', 'Women / Bags']]
        >>> source.interactions().to_numpy().tolist()
        [['ann', 'B1', '2012-12-14']]
    """

    name = "amazon_reviews"
    description = (
        "Products of Amazon with the vendor's picture, and who reviewed them. Every review counts "
        "as an interaction, whatever its rating."
    )
    homepage = "https://amazon-reviews-2023.github.io/"
    citation = """@inproceedings{mcauley2015image,
  title={Image-based recommendations on styles and substitutes},
  author={McAuley, Julian and Targett, Christopher and Shi, Qinfeng and van den Hengel, Anton},
  booktitle={SIGIR},
  year={2015}
}
@inproceedings{ni2019justifying,
  title={Justifying recommendations using distantly-labeled reviews and fine-grained aspects},
  author={Ni, Jianmo and Li, Jiacheng and McAuley, Julian},
  booktitle={EMNLP-IJCNLP},
  year={2019}
}
@article{hou2024bridging,
  title={Bridging language and items for retrieval and recommendation},
  author={Hou, Yupeng and Li, Jiacheng and He, Zhankui and Yan, An and Chen, Xiusi and McAuley,
    Julian},
  journal={arXiv preprint arXiv:2403.03952},
  year={2024}
}"""
    license = "Pictures belong to their vendors; the reviews are given for research."

    def __init__(
        self,
        reviews: str | Path,
        metadata: str | Path,
        pictures: str | Path,
        *,
        categories: Sequence[str] = (),
        category_level: int = 4,
        core: int | None = None,
        fetcher: PictureFetcher | None = None,
    ) -> None:
        self.reviews, self.metadata = Path(reviews), Path(metadata)
        self.pictures = Path(pictures)
        self.categories = {name.strip().casefold(): name for name in categories}
        self.category_level = category_level
        self.core = core
        self.fetcher = fetcher
        if (core is not None and core < 1) or category_level < 1:
            raise InputError("`core` and `category_level` must be at least 1")
        self.edition = recognize_edition(self.reviews, self.metadata)
        self._kept: ReviewTable | None = None

    def items(self, skip: Skip, scratch: Path) -> pd.DataFrame:
        """Lists the items, after the missing pictures have been fetched; see `Source.items`."""
        reviews = self._read_reviews(skip)
        _log(f"Amazon Reviews {self.edition.year}: {reviews.summary()}")
        if self.core:  # The core of the chosen items is part of that of all items.
            reviews = self._core_of(reviews)
            _log(f"of these with {self.core} or more of each other: {reviews.summary()}")
        items = self._read_metadata(skip, reviews)
        found = find_pictures(self.pictures, set(items["item"].map(file_stem)))
        has_category = items["category"] != ""
        may_have_picture = (items["address"] != "") | items["item"].map(file_stem).isin(list(found))
        is_possible = has_category & may_have_picture
        reviews = self._of_items(reviews, items["item"][is_possible])
        is_wanted = is_possible & items["item"].isin(reviews.reviewed_items())
        _log(f"of these with a category and a picture: {reviews.summary()}")
        found = self._fetch(items[is_wanted], found)
        picture = items["item"].map(lambda item: found.get(file_stem(item)))
        self._kept = self._of_items(reviews, items["item"][is_wanted & picture.notna()])
        is_kept = items["item"].isin(self._kept.reviewed_items())
        # Items that lack a category or a picture are listed, too, so that they are reported.
        is_listed = is_kept | (is_wanted & picture.isna()) | ~is_possible
        frame = items[["item", "category"]].assign(picture=picture.map(str, na_action="ignore"))
        return frame[is_listed].set_axis(items["line"][is_listed], axis=0)

    def interactions(self) -> pd.DataFrame:
        """Lists the reviews of the items that `items` has listed with a picture.

        Raises:
            RuntimeError: If `items` has not been called.
        """
        if self._kept is None:
            raise RuntimeError("call items() first: it finds out which items there are")
        return self._kept.to_frame()

    @property
    def read_picture(self) -> Callable[[Any], bytes]:
        """Reads a picture from its path."""
        return _read_file

    def item_place(self, index: int) -> str:
        """Names the line of an item in the metadata."""
        return f"{self.metadata.name} line {index}"

    def interaction_place(self, index: int) -> str:
        """Names the line of a review."""
        return f"{self.reviews.name} line {index}"

    def _read_reviews(self, skip: Skip) -> ReviewTable:
        edition = self.edition
        users: dict[str, int] = {}
        items: dict[str, int] = {}
        columns = user, item, day, line = array("i"), array("i"), array("i"), array("I")
        for number, record in read_json_lines(self.reviews, skip):
            user_id = as_text(record.get(edition.user_key))
            item_id = as_text(record.get(edition.item_key))
            if not user_id or not item_id:
                place = self.interaction_place(number)
                skip("review without a user or an item", place, f"{user_id}, {item_id}")
                continue
            user.append(users.setdefault(user_id, len(users)))
            item.append(items.setdefault(item_id, len(items)))
            day.append(edition.day(record))
            line.append(number)
        return ReviewTable(list(users), items, *(np.asarray(column) for column in columns))

    def _read_metadata(self, skip: Skip, reviews: ReviewTable) -> pd.DataFrame:
        """Returns the items that have a review and are in a wanted category."""
        reviewed = set(reviews.reviewed_items())
        reviewed_bytes = {item.encode() for item in reviewed}
        other_categories: Counter[str] = Counter()
        rows: list[tuple[str, str, str, int]] = []

        def may_be_reviewed(line: bytes) -> bool:
            """Avoids parsing most lines if few items are wanted, because that takes most time."""
            id_first = _ID_FIRST.match(line)
            return id_first is None or id_first[1] in reviewed_bytes

        # In the edition of 2023 the id is not the first value of a record.
        is_wanted = None if self.edition.year == 2023 else may_be_reviewed
        for number, record in read_json_lines(self.metadata, skip, is_wanted):
            item = as_text(record.get(self.edition.item_key))
            if not item:
                skip("item without an id", self.item_place(number), "")
            elif item in reviewed:
                paths = self.edition.category_paths(record)
                category = self._category(paths)
                if category is not None:
                    rows.append((item, category, self.edition.picture_address(record), number))
                elif self.categories:
                    other_categories.update({name for path in paths for name in path})
        if not rows:
            raise self._no_items_error(other_categories)
        return pd.DataFrame(rows, columns=["item", "category", "address", "line"])

    def _category(self, paths: list[CategoryPath]) -> str | None:
        """Returns an item's category: "" if it has none, None if it is in none that is wanted."""
        if self.categories:
            paths = [
                path for path in paths if any(name.casefold() in self.categories for name in path)
            ]
            if not paths:
                return None
        deepest = max(paths, key=lambda path: min(len(path), self.category_level), default=[])
        return " / ".join(deepest[1 : self.category_level] or deepest[:1])

    def _no_items_error(self, other_categories: Counter[str]) -> InputError:
        if not other_categories:
            return InputError(
                f"{self.metadata} has none of the items in {self.reviews}"
                + (f" that are left with `core` {self.core}" if self.core else "")
                + ": give the metadata of the same department"
            )
        near = [
            match
            for name in self.categories.values()
            for match in difflib.get_close_matches(name, other_categories, n=2, cutoff=0.6)
        ]
        names = near or [name for name, _ in other_categories.most_common(12)]
        return InputError(
            f"{self.metadata} has no reviewed item in `categories` "
            f"{' or '.join(self.categories.values())}; there {'is' if near else 'are'} "
            f"{', '.join(map(repr, names))}"
        )

    def _of_items(self, reviews: ReviewTable, items: Iterable[str]) -> ReviewTable:
        kept = reviews.of_items(items)
        return self._core_of(kept) if self.core else kept

    def _core_of(self, reviews: ReviewTable) -> ReviewTable:
        assert self.core is not None
        kept = reviews.core(self.core)
        if not len(kept):
            raise InputError(
                f"`core` {self.core} leaves nothing of the {reviews.summary()}: give a smaller one"
            )
        return kept

    def _fetch(self, wanted: pd.DataFrame, found: dict[str, Path]) -> dict[str, Path]:
        """Fetches the missing pictures if there is a fetcher, and returns all by stem."""
        with_address = wanted[wanted["address"] != ""].drop_duplicates("item")
        addresses = dict(zip(with_address["item"], with_address["address"], strict=True))
        if self.fetcher is not None:
            counts = self.fetcher.fetch(addresses)
            outcomes = [f"{count:,} {outcome}" for outcome, count in counts.most_common(6)]
            num_others = counts.total() - sum(count for _, count in counts.most_common(6))
            outcomes += [f"{num_others:,} others"] if num_others else []
            manifest = self.pictures / "manifest.csv"
            _log(f"pictures: {', '.join(outcomes)}; each is listed in {manifest}")
            return find_pictures(self.pictures, set(wanted["item"].map(file_stem)))
        num_missing = sum(file_stem(item) not in found for item in addresses)
        if num_missing:
            _log(f"{num_missing:,} of {len(addresses):,} pictures are not in {self.pictures}")
        if num_missing == len(addresses) and not found:
            raise InputError(
                f"{self.pictures} has none of the {num_missing:,} pictures yet, and fetching is "
                "off (there is no `fetcher`)"
            )
        return found


def _read_file(path: str) -> bytes:
    return Path(path).read_bytes()


def _log(line: str) -> None:
    tqdm.write(line, file=sys.stderr)
