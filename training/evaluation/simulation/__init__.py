"""Judging by learning: simulated learners take what a policy recommends, and what they can do is known."""
