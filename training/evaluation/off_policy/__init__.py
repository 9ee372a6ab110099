"""Off-policy evaluation: what another way of choosing would have earned, estimated from logged answers.

The estimand is the mean reward of an answer, added over the modules it shows, had the target policy answered
at the logged moments, each with the history that the learner had then. It rests on three assumptions:

- the reward of a module depends on learner and moment, not on its place nor on what is shown beside it;
- what is shown in one answer does not change what later ones earn but through the history;
- the propensity of each shown module is its inclusion probability, given everything the choice depended on.

Then each shown module is one draw of a design with known inclusion probabilities (Horvitz and Thompson 1952).
"""
