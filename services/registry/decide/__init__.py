"""Registry's decisions: facts in, row and event out. No clock, no database, no bus."""
