"""Boosted trees: fitted elsewhere, kept and walked here."""
