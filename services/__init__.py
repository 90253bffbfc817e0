"""The four services. None imports another; they hear of each other by events."""
