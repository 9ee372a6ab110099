"""The learner-skill model: state, features, tracing, calibration, mastery."""
