"""Course embeddings: views that score modules from what a learner has started so far.

A view folds a history in; no learner vector is ever stored. `VIEWS` lists every view by name.
"""
