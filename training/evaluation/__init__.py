"""How good the models are: splits without leaks, metrics, baselines beside the engine, intervals.

Read `splits` for who is tested on what, `metrics` for the formulas, `skills` and `modules` for the two
reports that the command line prints and writes as JSON.
"""
