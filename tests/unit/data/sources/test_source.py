from keras_fashion.data.sources.source import printable


def test_one_line_that_commands_no_terminal():
    assert printable("plain é 🧥") == "plain é 🧥"
    assert printable("a\nb\x1b[2J\t\udce9\u202e") == "a\\nb\\x1b[2J\\t\\udce9\\u202e"
    assert printable("x" * 500) == "x" * 300 + "..."
    assert printable("abc", 2) == "ab..."
    assert printable("a\nb\x1b[2J\t\udce9\u202e").isprintable()
