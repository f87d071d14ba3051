"""Training on several devices and machines.

`devices` creates the strategy, `global_batch` has what replicas exchange within a step, and
`workers` what machines exchange between steps.
"""
