"""Compiled packs by version: compiled once per process, since a version never changes."""

from chassis.packs import Jurisdiction, Subjects


class Shelf:
    """The packs this process has compiled."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self._compiled: dict[str, Jurisdiction] = {}

    def __contains__(self, version: str) -> bool:
        return version in self._compiled

    def compiled(self, version: str, text: str = "") -> Jurisdiction:
        """Return a version's jurisdiction; its merged text is needed the first time only."""
        found = self._compiled.get(version)
        if found is None:
            found = self._compiled[version] = Jurisdiction.from_text(text, self._subjects)
        return found
