"""A challenger beside the champion: both as they would serve, on learners neither has learned from."""
