"""Evaluation, tried."""
