import json
import subprocess
import sys

import pytest

from keras_fashion.errors import InputError, first_line, require_platform


@pytest.fixture(autouse=True)
def keras_home(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def test_tensorflow_is_accepted_however_it_is_configured(keras_home, monkeypatch):
    require_platform()
    monkeypatch.setenv("KERAS_BACKEND", "")
    require_platform()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    require_platform()
    (keras_home / "keras.json").write_text(json.dumps({"backend": "jax"}))
    require_platform()  # Keras prefers the environment variable


@pytest.mark.parametrize("backend", ["jax", "torch", "openvino"])
def test_another_backend_in_the_environment_is_refused(backend, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    message = f"trains with TensorFlow, .*'{backend}': unset KERAS_BACKEND or set it to tensorflow"
    with pytest.raises(InputError, match=message):
        require_platform()


def test_another_backend_in_the_configuration_file_is_refused(keras_home, monkeypatch):
    (keras_home / "keras.json").write_text(json.dumps({"backend": "torch", "floatx": "float32"}))
    for empty in (False, True):
        if empty:
            monkeypatch.setenv("KERAS_BACKEND", "")
        with pytest.raises(InputError, match=r"keras\.json is 'torch': change it to tensorflow"):
            require_platform()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"backend": "tensorflow"}'])
def test_a_configuration_file_without_a_backend_is_accepted(text, keras_home):
    (keras_home / "keras.json").write_text(text)
    require_platform()


def test_the_configuration_file_is_in_the_home_folder_by_default(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps({"backend": "jax"}))
    with pytest.raises(InputError, match=r"\.keras/keras\.json is 'jax'"):
        require_platform()


def test_windows_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(InputError, match="does not run on Windows: .*Use WSL 2"):
        require_platform()


def test_the_check_imports_neither_keras_nor_tensorflow(root):
    code = (
        "import sys; from keras_fashion.errors import require_platform; require_platform(); "
        "print({'keras', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_first_line():
    class Native(Exception):
        message = "of TensorFlow\nwith a trace"

    assert first_line(OSError("one\ntwo")) == "one"
    assert first_line(Native("other")) == "of TensorFlow"
    assert first_line(MemoryError()) == "MemoryError"
