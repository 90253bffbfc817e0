"""The texts of a pack and of the layers above it: read from folders, or as they travelled.

A pack travels whole, in one event: the text of every layer, farthest first. What is judged with is
compiled from those texts alone, so that every service and every replay has the same rules.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from chassis.packs.trouble import Trouble, Troubles, near
from chassis.packs.yaml12 import Located

MAX_BYTES = 512 * 1024


@dataclass(frozen=True)
class Layer:
    """One pack's text and the name its complaints carry."""

    pack: str
    text: str
    file: str


@dataclass(frozen=True)
class Sources:
    """The texts of all layers of a jurisdiction, farthest first, its own last."""

    code: str
    layers: tuple[Layer, ...]

    @property
    def version(self) -> str:
        """The hash of all layer texts: (pack, version) never changes once activated."""
        digest = hashlib.sha256()
        for layer in self.layers:
            digest.update(f"{layer.pack}\0{layer.text}\0".encode())
        return digest.hexdigest()[:12]

    def merged(self) -> str:
        """Return the one text that travels; a pack beyond 512 KiB does not."""
        layers = [{"pack": layer.pack, "text": layer.text} for layer in self.layers]
        merged = json.dumps({"pack": self.code, "layers": layers}, ensure_ascii=False)
        self._check_size(merged, self.layers[-1].file)
        return merged

    @classmethod
    def read(cls, merged: str) -> "Sources":
        """Return the texts out of the one that travelled."""
        cls._check_size(merged, "pack")
        try:
            whole = json.loads(merged)
        except RecursionError:
            raise ValueError("nested too deep") from None
        layers = (
            Layer(layer["pack"], layer["text"], f"{layer['pack']}/pack.yaml")
            for layer in whole["layers"]
        )
        return cls(whole["pack"], tuple(layers))

    @staticmethod
    def _check_size(merged: str, file: str) -> None:
        size = len(merged.encode())
        if size > MAX_BYTES:
            raise Troubles(Trouble(file, 1, 1, f"{size} bytes with its layers, over {MAX_BYTES}"))


def load_folder(root: Path, code: str) -> Sources:
    """Read `root/CODE/pack.yaml` and every pack it extends, nearest last."""
    layers: dict[str, Layer] = {}
    _collect(root, code, (), layers)
    return Sources(code, tuple(layers.values()))


def packs_in(root: Path) -> list[str]:
    """Return the ids of all packs of a folder."""
    return sorted(path.parent.name for path in root.glob("*/pack.yaml"))


def _collect(root: Path, code: str, chain: tuple[str, ...], layers: dict[str, Layer]) -> None:
    path = root / code / "pack.yaml"
    if not path.is_file():
        text = f"no pack `{code}` here{near(code, packs_in(root))}"
        raise Troubles(Trouble(str(path), 1, 1, text))
    source = Located(path.read_text(encoding="utf-8"), str(path))
    above = source.data.get("extends", []) if isinstance(source.data, dict) else []
    for i, name in enumerate(above if isinstance(above, list) else []):
        if name in (*chain, code):
            raise Troubles(source.trouble(("extends", i), f"`{name}` extends itself"))
        if not isinstance(name, str) or not (root / name / "pack.yaml").is_file():
            text = f"no pack `{name}` here{near(str(name), packs_in(root))}"
            raise Troubles(source.trouble(("extends", i), text))
        _collect(root, name, (*chain, code), layers)
    layers.setdefault(code, Layer(code, source.text, str(path)))
