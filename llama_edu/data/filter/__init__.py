"""Filtering: which documents are worth reading, and by which rule each other one was dropped.

`language` names the language, `rules` judges by counting, `perplexity` by a small n-gram model,
`quality` by a logistic classifier.
"""

from llama_edu.data.filter.language import identify_language
from llama_edu.data.filter.page import Page
from llama_edu.data.filter.rules import Drop, Rule, judge, rules_for

__all__ = ["Drop", "Page", "Rule", "identify_language", "judge", "rules_for"]
