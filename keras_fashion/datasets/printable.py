"""Text of a stranger's file, for a message of one line."""


def printable(text: str, length: int = 300) -> str:
    """Cuts a text and escapes what would break the line or command the terminal."""
    shown = text[:length] + ("..." if len(text) > length else "")
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown
    )
