"""What the pages of all runs share: the layout, the curve of the loss, what a run cost."""

from llama_edu.train.report.cost import Cost, cost
from llama_edu.train.report.page import loss_curve, render, svg

__all__ = ["Cost", "cost", "loss_curve", "render", "svg"]
