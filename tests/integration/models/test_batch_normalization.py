"""Batch renormalization on several replicas."""

from pathlib import Path


def test_replicas_renormalize_as_one_device_does(run_script):
    script = Path(__file__).with_name("renormalization_on_two_replicas.py")
    assert run_script(script).splitlines()[-1] == "agreed"
