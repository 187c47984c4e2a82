"""From random weights to a model: loss, optimizers, schedule, checkpoints, the loop."""
