"""Frozen types of the field: content, roles, events, learners, recommendations. No input or output."""
