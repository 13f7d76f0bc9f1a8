"""Programs that make what the course carries: train models, evaluate them, record a large one.

Run them from the repository's root: ``python -m tools.train_models transformer --size 80k``, for
example. Nothing but their tests imports them.
"""
