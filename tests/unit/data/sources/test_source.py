import pkgutil
import subprocess
import sys

from keras_fashion.data import sources
from keras_fashion.data.sources.source import printable


def test_one_line_that_commands_no_terminal():
    assert printable("plain é 🧥") == "plain é 🧥"
    assert printable("a\nb\x1b[2J\t\udce9\u202e") == "a\\nb\\x1b[2J\\t\\udce9\\u202e"
    assert printable("x" * 500) == "x" * 300 + "..."
    assert printable("abc", 2) == "ab..."
    assert printable("a\nb\x1b[2J\t\udce9\u202e").isprintable()


def test_no_source_imports_tensorflow():
    walked = pkgutil.walk_packages(sources.__path__, f"{sources.__name__}.")
    names = [module.name for module in walked]
    code = f"import sys, {', '.join(names)}; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert len(names) > 30 and done.stdout == "False\n", done.stderr
