"""Evaluation: the history of facts, and what each city's document says of them."""
