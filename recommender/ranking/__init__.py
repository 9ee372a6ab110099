"""From scores of modules to a ranked, explained list."""
