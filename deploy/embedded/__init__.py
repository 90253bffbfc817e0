"""The whole platform from one command: real servers from wheels, five parts, one supervisor."""

from deploy.embedded.run import Running, running

__all__ = ["Running", "running"]
