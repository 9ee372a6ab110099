"""The store: events, learner states, profiles and API keys in a relational database."""
