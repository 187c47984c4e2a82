"""A trained model, trained further: to follow instructions, for several tasks, with few weights."""
