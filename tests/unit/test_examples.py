"""The examples of the docstrings run and print what they say."""

import doctest
import importlib
import pkgutil

import pytest

import keras_fashion

MODULES = sorted(
    each.name for each in pkgutil.walk_packages(keras_fashion.__path__, "keras_fashion.")
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples(module):
    return [each for each in doctest.DocTestFinder().find(module) if each.examples]


@pytest.mark.parametrize("name", ["keras_fashion", *MODULES])
def test_examples_of_a_module(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    printed = []
    for example in examples(module):
        runner.run(example, out=printed.append)
    assert not runner.failures, "".join(printed)
