"""What the platform needs before it can be ready: divisions in place, packs of the cities active."""

from deploy.embedded.run import Running


async def prepare_platform(run: Running) -> None:
    """Bring a platform whose parts answer, but have nothing yet, to where they can be ready."""
