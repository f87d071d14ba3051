"""Which devices and machines train, and who of them makes what.

`devices` makes the strategy, `global_batch` says what replicas share within a step, `workers` what
machines share between steps.
"""
