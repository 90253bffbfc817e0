"""The whole platform from one command: real servers from wheels, five parts, one supervisor."""
