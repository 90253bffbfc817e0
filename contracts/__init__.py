"""The language between services: events by producer, fact sheets by subject.

A field here is a promise to every service and every city: add, never change.
"""
