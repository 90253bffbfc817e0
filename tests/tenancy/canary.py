"""Marked words, and the search for them in everything a platform writes down."""

import base64
import mmap
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def a_resident_id() -> str:
    """Return a number of the right form whose serial nobody has met."""
    digits = (
        f"420102{1950 + secrets.randbelow(40)}0{1 + secrets.randbelow(9)}1{secrets.randbelow(10)}"
    )
    digits += f"{secrets.randbelow(1000):03}"
    total = sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def a_phone() -> str:
    """Return a mobile number nobody has met."""
    return f"139{secrets.randbelow(10**8):08}"


@dataclass
class Canary:
    """Words that must be found nowhere: each field of a person carries one."""

    word: str = field(default_factory=lambda: f"Kanarie{secrets.token_hex(6)}")
    name: str = field(default_factory=lambda: "".join(secrets.choice(_RARE) for _ in range(4)))
    id_number: str = field(default_factory=a_resident_id)
    phone: str = field(default_factory=a_phone)
    staff_id: str = field(default_factory=a_resident_id)
    staff_phone: str = field(default_factory=a_phone)

    def words(self) -> list[str]:
        """Return all of them."""
        return [
            *(self.word, self.name, self.id_number, self.phone),
            *(self.staff_id, self.staff_phone),
        ]

    def found_in(self, text: str) -> list[str]:
        """Return the words that stand in a text."""
        return [word for word in self.words() if word in text]

    def spellings(self) -> list[bytes]:
        """Return the words as bytes in the ways a program might write them."""
        found: list[bytes] = []
        for word in self.words():
            found += [word.encode(encoding) for encoding in ("utf-8", "utf-16-le", "gb18030")]
            plain = word.encode()
            found += [plain.hex().encode(), plain.hex().upper().encode(), quote(word).encode()]
            found.append(word.encode("ascii", "backslashreplace"))
            for shift in range(3):
                # Where in a text the word begins decides its base64; the edges depend on neighbours.
                text = base64.b64encode(b"\0" * shift + plain)
                found.append(text[4 if shift else 0 : -4])
        return list(dict.fromkeys(found))


_RARE = "鱻麤龘靐齉灪爩麣鸾鹮"


def search(folder: Path, spellings: list[bytes]) -> dict[str, list[bytes]]:
    """Return by file what was found of the spellings, in every byte of a folder."""
    found: dict[str, list[bytes]] = {}
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or not file.stat().st_size:
            continue
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as held:
            here = [each for each in spellings if held.find(each) >= 0]
        if here:
            found[str(file.relative_to(folder))] = here
    return found
