"""A city's document as data: packs loaded, checked, and judged with their clauses."""

from chassis.packs.sheet import Fen, Sheet, Unit, term

__all__ = ["Fen", "Sheet", "Unit", "term"]
