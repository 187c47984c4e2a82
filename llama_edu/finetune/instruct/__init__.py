"""Instruction tuning: from a model that continues texts to one that answers.

templates and examples make a conversation into tokens and targets, packing makes batches of them,
means weighs them; world and pairs hold what to learn, hints what a tiny model is helped with,
recipe how it is taught, score how well it answers.
"""
