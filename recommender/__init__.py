"""Adaptive learning recommendation engine, as a library."""
