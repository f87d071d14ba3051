import subprocess
import sys

from keras_fashion import distribution
from keras_fashion.distribution import global_batch


def test_names_are_exported_lazily():
    code = "import sys; import keras_fashion.distribution as d; print(*dir(d)); print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    names, modules = printed.decode().splitlines()
    assert {"Workers", "strategy_for", "gather_rows"} <= set(names.split())
    assert "tensorflow" not in modules.split()


def test_all_functions_of_global_batch_are_exported():
    functions = {
        name
        for name, each in vars(global_batch).items()
        if getattr(each, "__module__", None) == global_batch.__name__
    }
    assert functions == set(distribution.__all__) - {"Workers", "strategy_for"}
    for name in functions:
        assert getattr(distribution, name) is getattr(global_batch, name)
