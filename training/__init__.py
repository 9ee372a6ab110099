"""Everything offline: datasets, evaluation, tracking, registry."""
