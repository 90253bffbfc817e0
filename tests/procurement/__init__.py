"""Procurement, tried."""
