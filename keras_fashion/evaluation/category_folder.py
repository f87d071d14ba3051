"""Categories as names of folders, and back."""

import re
from urllib.parse import unquote

_NO_NAME = re.compile(r'[/\\:*?"<>|%\x00-\x1f]|^\.|[. ]$')


def category_to_folder(category: str) -> str:
    """A name for a folder: characters that some file system refuses are written `%2F`."""
    return _NO_NAME.sub(lambda found: f"%{ord(found[0]):02X}", category)


def folder_to_category(folder: str) -> str:
    """The category of a folder that `category_to_folder` named; other names are as they are."""
    return unquote(folder)
