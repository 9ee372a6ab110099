"""Recommendations for every learner of a dataset, in blocks and on all cores."""
