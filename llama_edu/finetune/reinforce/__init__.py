"""Reinforcement learning from a reward that is computed: group-relative policy optimization.

objective holds the formulas, loop samples answers, has them judged and takes steps, world asks
the story world's questions, each with the reward of its only right answer.
"""
