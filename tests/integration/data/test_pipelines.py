from pathlib import Path


def test_a_strategy_hands_each_replica_its_part(run_script):
    script = Path(__file__).with_name("two_replicas.py")
    assert run_script(script).splitlines()[-1] == "shared"
