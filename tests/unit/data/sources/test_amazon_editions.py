import pytest

from keras_fashion.data.sources.amazon.editions import editions_of_item, editions_of_review

# Short, but with every key that such records have.
REVIEWS = {
    2014: {"reviewerID": "A1", "asin": "B1", "reviewerName": "x", "helpful": [0, 0],
           "reviewText": "", "overall": 5.0, "summary": "", "unixReviewTime": 1355443200,
           "reviewTime": "12 14, 2012"},
    2018: {"overall": 5.0, "verified": True, "reviewTime": "10 20, 2014", "reviewerID": "A1",
           "asin": "B1", "style": {"Size:": " 3"}, "reviewerName": "x", "reviewText": "",
           "summary": "", "unixReviewTime": 1355443200, "vote": "3", "image": ["http://r/1.jpg"]},
    2023: {"rating": 5.0, "title": "", "text": "", "images": [], "asin": "B1X",
           "parent_asin": "B1", "user_id": "A1", "timestamp": 1355443200123, "helpful_vote": 0,
           "verified_purchase": True},
}  # fmt: skip
ITEMS = {
    2014: {"asin": "B1", "title": "x", "price": 3.17, "imUrl": "http://v/1.jpg",
           "related": {"also_bought": ["B2"]}, "salesRank": {"Toys": 2}, "brand": "x",
           "categories": [["Clothing, Shoes & Jewelry", "Girls"],
                          ["Clothing, Shoes & Jewelry", "Women", "Clothing", "Dresses", "Casual"]]},
    2018: {"category": ["Clothing, Shoes &amp; Jewelry", "Women", "Clothing", "Dresses", "Casual",
                        "</span></span>100% Cotton", "Imported"],
           "tech1": "", "description": [], "fit": "", "title": "x", "also_buy": [], "tech2": "",
           "brand": "x", "feature": [], "rank": "1", "also_view": [], "main_cat": "<img src='x'/>",
           "similar_item": "", "date": "", "price": "$1", "asin": "B1",
           "imageURL": ["http://v/1._SS40_.jpg"], "imageURLHighRes": ["http://v/1.jpg"]},
    2023: {"main_category": "AMAZON FASHION", "title": "x", "average_rating": 3.0,
           "rating_number": 6, "features": [], "description": [], "price": None,
           "images": [{"thumb": "http://v/t2.jpg", "large": "http://v/2.jpg", "variant": "PT01",
                       "hi_res": None},
                      {"thumb": "http://v/t1.jpg", "large": "http://v/1.jpg", "variant": "MAIN",
                       "hi_res": "http://v/h1.jpg"}],
           "videos": [], "store": "x", "details": {}, "parent_asin": "B1", "bought_together": None,
           "categories": ["Clothing, Shoes & Jewelry", "Women", "Clothing", "Dresses", "Casual"]},
}  # fmt: skip
DRESSES = ["Clothing, Shoes & Jewelry", "Women", "Clothing", "Dresses", "Casual"]


def the_edition(year):
    (edition,) = editions_of_item(ITEMS[year])
    return edition


@pytest.mark.parametrize("year", [2014, 2018, 2023])
def test_records_are_told_apart(year):
    assert [edition.year for edition in editions_of_review(REVIEWS[year])] == [year]
    assert [edition.year for edition in editions_of_item(ITEMS[year])] == [year]
    assert not editions_of_item(REVIEWS[year])
    assert not editions_of_review(ITEMS[year])


def test_records_that_may_be_of_two_editions():
    review = {"reviewerID": "A1", "asin": "B1", "overall": 5.0, "unixReviewTime": 0}
    for found in (editions_of_review(review), editions_of_item({"asin": "B1", "title": "x"})):
        assert {edition.year for edition in found} == {2014, 2018}
    assert not editions_of_review({"user": "a", "item": "b"})
    assert not editions_of_item({})


@pytest.mark.parametrize("year", [2014, 2018, 2023])
def test_what_is_read_of_them(year):
    edition, review, item = the_edition(year), REVIEWS[year], ITEMS[year]
    assert (review[edition.user_key], review[edition.item_key], item[edition.item_key]) == (
        "A1",
        "B1",
        "B1",
    )
    assert edition.day(review) == 15688  # 14 December 2012
    assert edition.picture_address(item) == "http://v/1.jpg"
    assert edition.category_paths(item)[-1] == DRESSES


def test_fallbacks():
    old, middle, new = (the_edition(year) for year in (2014, 2018, 2023))
    assert middle.picture_address({"imageURL": ["http://v/2.jpg"], "imageURLHighRes": []}) == (
        "http://v/2.jpg"
    )
    assert middle.picture_address({"image": ["http://v/3.jpg"]}) == "http://v/3.jpg"
    assert middle.category_paths({"category": [], "main_cat": "Books"}) == [["Books"]]
    assert new.category_paths({"categories": [], "main_category": "AMAZON FASHION"}) == [
        ["AMAZON FASHION"]
    ]
    assert new.picture_address({"images": [{"hi_res": "http://v/h.jpg", "variant": "PT03"}]}) == (
        "http://v/h.jpg"
    )
    assert old.category_paths({}) == middle.category_paths({}) == new.category_paths({}) == []
    assert old.picture_address({}) == middle.picture_address({}) == new.picture_address({}) == ""


ANYTHING = [None, True, 3, float("nan"), float("inf"), -5, 10**30, "", "x", "\ud800", [], {}]
ANYTHING += [[[]], [[[["x"]]]], [None], [{}], {"a": 1}, [["x", None, 3]], ["<b>", "x"]]


@pytest.mark.parametrize("year", [2014, 2018, 2023])
@pytest.mark.parametrize("value", ANYTHING, ids=repr)
def test_fields_may_hold_anything(year, value):
    edition = the_edition(year)
    for key in ITEMS[year]:
        record = {**ITEMS[year], key: value}
        for path in edition.category_paths(record):
            assert path and all(isinstance(name, str) and name for name in path)
            " / ".join(path).encode()
        edition.picture_address(record).encode()
    assert -1 <= edition.day({edition.time_key: value}) < 100_000
