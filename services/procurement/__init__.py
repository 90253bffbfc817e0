"""Procurement: who runs which station, for how long, for how much, and under which terms."""
