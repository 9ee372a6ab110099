"""Recommendations for many learners at once: the same numbers as one by one, in blocks of arrays."""
