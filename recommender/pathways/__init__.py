"""Ways to a role: how far people are from what it asks for."""
