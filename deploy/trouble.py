"""What stands in the way of a start, as one line with the way out."""


class Trouble(Exception):
    """Something the person at the terminal can mend: said once, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en
