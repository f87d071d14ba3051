from pathlib import Path


def test_replicas_exchange_rows_and_gradients(run_script):
    script = Path(__file__).with_name("global_batch_steps.py")
    assert run_script(script).splitlines()[-1] == "agreed"
