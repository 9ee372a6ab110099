"""From where a learner stands to what a role asks for: which modules, in which order, in which weeks."""
