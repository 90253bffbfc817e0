"""Evaluation's decisions: states in, fact sheets and figures out. No clock, no database, no bus."""
