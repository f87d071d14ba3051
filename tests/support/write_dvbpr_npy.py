# ruff: noqa: UP031, RUF005
"""Writes a small file of one of the layouts of DVBPR's data, as Python 2 saved them.

    python2.7 -m pip install --target PACKAGES numpy==1.16.6
    PYTHONPATH=PACKAGES python2.7 tests/support/write_dvbpr_npy.py men tests/unit/data/sources/dvbpr
    (and in the same way fashion and tradesy)

The files in tests/unit/data/sources/dvbpr were made in this way with Python 2.7.18. Python 3 runs
the script, too. There are 4 users and 7 items. Each picture is the same 8 x 8 JPEG with a comment
of its own, which is long for items with an odd number and short for the others.
"""

import base64
import os
import struct
import sys

import numpy as np

JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1"
    "tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABgQAAIDAAAA"
    "AAAAAAAAAAAAAAAEBSEx/9oACAEBAAA/AAi1so//2Q=="
)
TEXT = type(b"".decode())
ITEMS = 7
TRAIN = {0: [0, 2, 5], 1: [1, 6], 2: [3, 0, 3], 3: [6]}
VALIDATION = {0: [1], 1: [2], 2: [4], 3: [5]}
TEST = {0: [3], 1: [4], 2: [5], 3: [0]}
ONE_HOT = [0, 5, 2, 3, 1, 4, 0]
PATHS = [
    [["Clothing, Shoes & Jewelry", "Men", "Clothing", "Shirts", "Casual"]],
    [["Clothing, Shoes & Jewelry", "Men", "Shoes", "Boots"]],
    [
        ["Sports", "Outdoor Clothing"],
        ["Clothing, Shoes & Jewelry", "Men", "Shoes", "Boots", "Snow"],
    ],
    [["Clothing, Shoes & Jewelry", "Men", "Watches"]],
    [["Clothing, Shoes & Jewelry", "Men"]],
    [],
    [["Novelty", "Clothing", "Men", "Caf\xc3\xa9"]],
]


def picture(item):
    """Returns a JPEG with a comment right after its first marker."""
    comment = b"item %d " % item * (100 if item % 2 else 1)
    return JPEG[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + JPEG[2:]


def interactions(items_of, layout):
    users = {}
    for user in sorted(items_of):
        users[user] = []
        for item in items_of[user]:
            entry = {"productid": item}
            if layout != "tradesy":  # fields that are not read
                entry["reviewerID"] = "A%013d" % user
                entry["reviewText"] = "fits well " * (item * 20)
                entry["unixReviewTime"] = 1400000000 + item
                entry["overall"] = 4.5
                entry["helpful"] = [0, 2**40]
            users[user].append(entry)
    return users


def contents(layout):
    """Returns the six objects that the file holds."""
    items = {}
    for item in range(ITEMS):
        items[item] = {"imgs": picture(item)}
        if layout == "fashion":
            items[item]["c"] = np.zeros(6)
            items[item]["c"][ONE_HOT[item]] = 1
        if layout == "men":
            items[item]["categories"] = PATHS[item]
            items[item]["related"] = {"also_bought": [TEXT("B%09d" % n) for n in range(item)]}
            items[item]["price"] = np.float32(9.5)
    parts = [interactions(part, layout) for part in (TRAIN, VALIDATION, TEST)]
    if layout == "tradesy":  # not every user of it has both
        parts[1][3] = []
    return parts + [items, len(TRAIN), ITEMS]


if __name__ == "__main__":
    layout, folder = sys.argv[1:]
    np.save(os.path.join(folder, layout + ".npy"), np.array(contents(layout), dtype=object))
