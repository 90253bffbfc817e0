"""Numbers that name people and organisations: checked, normalised, masked; never looked up.

An error names what is wrong and never the number, so it can travel to a screen and a log. No place
is looked up in an id number: its first six digits are where a person was first registered, often a
code abolished since. The number of a disability certificate tells a person's health, so its mask
hides more than that of other documents.
"""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator


class IdType(StrEnum):
    """The documents a person may be known by."""

    RESIDENT_ID = "resident_id"
    DISABILITY_CERTIFICATE = "disability_certificate"
    FOREIGN_PR = "foreign_pr"
    HMT_PERMIT = "hmt_permit"
    PASSPORT = "passport"
    NONE = "none"


_SAYS: dict[str, tuple[str, str]] = {
    "id-type": ("不支持的证件类型", "this kind of document is not known"),
    "id-missing": ("缺少证件号码", "the number of the document is missing"),
    "id-unexpected": ("未选择证件类型时不应填写号码", "a number needs the kind of its document"),
    "id-form": ("证件号码的长度或字符不正确", "the number has a wrong length or character"),
    "id-other-type": (
        "该号码属于其他类型的证件",
        "the number belongs to another kind of document",
    ),
    "id-birth-date": ("证件号码中的出生日期无效", "the date of birth in the number is not valid"),
    "id-checksum": ("证件号码校验位不正确", "the check character of the number does not fit"),
    "uscc-form": (
        "统一社会信用代码的长度或字符不正确",
        "the credit code has a wrong length or character",
    ),
    "uscc-checksum": (
        "统一社会信用代码校验位不正确",
        "the check character of the credit code does not fit",
    ),
    "phone-form": (
        "电话号码不正确，固定电话请加区号",
        "not a telephone number; a landline needs its area code",
    ),
}


class BadIdentifier(ValueError):
    """A number that cannot be right: a code and a sentence in both languages, without the value."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.zh, self.en = _SAYS[code]
        super().__init__(self.en)


_CITIZEN = re.compile(r"[1-9][0-9]{16}[0-9X]")
_CERTIFICATE = re.compile(r"([1-9][0-9]{16}[0-9X])[1-7][1-4](?:B[0-9])?")
_OLD_FOREIGN_PR = re.compile(r"[A-Z]{3}[0-9]{12}")
_TRAVEL_PERMIT = re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?|[0-9]{8}")
_PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,15}")
_PHONES = (
    re.compile(r"1[3-9][0-9]{9}"),
    re.compile(r"[48]00[0-9]{7}"),
    re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}(?:-[0-9]{1,6})?"),
    re.compile(r"\+[1-9][0-9]{6,14}"),
)
_HOME_PREFIX = re.compile(r"^(?:\+86|86-?(?=1[3-9][0-9-]{9,}$))-?")

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_LENGTH = 18
_FIRST_BIRTH_YEAR = 1900
_SHORT = 10


def _plain(text: str) -> str:
    # People type full-width digits, spaces between groups and a small x.
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def _birth(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def _check_citizen(number: str, today: date | None) -> None:
    born = _birth(number)
    if born is None or born.year < _FIRST_BIRTH_YEAR or (today and born > today):
        raise BadIdentifier("id-birth-date")
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    if number[17] != _CHECKS[total % 11]:
        raise BadIdentifier("id-checksum")


def _resident(number: str, today: date | None) -> None:
    if not _CITIZEN.fullmatch(number):
        raise BadIdentifier("id-form")
    if number[0] == "9" or number[:2] in ("81", "82", "83"):
        raise BadIdentifier("id-other-type")
    _check_citizen(number, today)


def _certificate(number: str, today: date | None) -> None:
    match = _CERTIFICATE.fullmatch(number)
    if match is None:
        raise BadIdentifier("id-form")
    _check_citizen(match[1], today)


def _foreign_pr(number: str, today: date | None) -> None:
    if _OLD_FOREIGN_PR.fullmatch(number):
        return
    if not _CITIZEN.fullmatch(number):
        raise BadIdentifier("id-form")
    if number[0] != "9":
        raise BadIdentifier("id-other-type")
    _check_citizen(number, today)


def _hmt_permit(number: str, today: date | None) -> None:
    if _TRAVEL_PERMIT.fullmatch(number):
        return
    if not _CITIZEN.fullmatch(number):
        raise BadIdentifier("id-form")
    if number[:2] not in ("81", "82", "83"):
        raise BadIdentifier("id-other-type")
    _check_citizen(number, today)


def _passport(number: str, _: date | None) -> None:
    if not _PASSPORT.fullmatch(number):
        raise BadIdentifier("id-form")


_CHECK_OF = {
    IdType.RESIDENT_ID: _resident,
    IdType.DISABILITY_CERTIFICATE: _certificate,
    IdType.FOREIGN_PR: _foreign_pr,
    IdType.HMT_PERMIT: _hmt_permit,
    IdType.PASSPORT: _passport,
}


def check_id(id_type: str, number: str | None, today: date | None = None) -> str:
    """Return the number as it is kept and indexed, or raise BadIdentifier.

    With `today`, a birth in the future is an error too. `none` takes no number and gives "".
    """
    if id_type not in tuple(IdType):
        raise BadIdentifier("id-type")
    plain = _plain(number or "")
    if id_type == IdType.NONE:
        if plain:
            raise BadIdentifier("id-unexpected")
        return ""
    if not plain:
        raise BadIdentifier("id-missing")
    _CHECK_OF[IdType(id_type)](plain, today)
    return plain


def _holds_citizen_number(id_type: str, number: str) -> bool:
    return id_type not in (IdType.PASSPORT, IdType.NONE) and bool(_CITIZEN.match(number))


def born_on(id_type: str, number: str) -> date | None:
    """Return the date of birth a checked number tells, or None where it tells none."""
    return _birth(number) if _holds_citizen_number(id_type, number) else None


def sex(id_type: str, number: str) -> str | None:
    """Return `male` or `female` as a checked number tells, or None where it tells none."""
    if not _holds_citizen_number(id_type, number):
        return None
    return "male" if int(number[16]) % 2 else "female"


def check_credit_code(code: str) -> str:
    """Return a unified social credit code as it is kept, or raise BadIdentifier.

    Letters may stand anywhere: codes of village bodies begin with N, of others with Y.
    """
    plain = _plain(code)
    if len(plain) != _CREDIT_LENGTH or not set(plain) <= set(_CREDIT):
        raise BadIdentifier("uscc-form")
    total = sum(pow(3, place, 31) * _CREDIT.index(sign) for place, sign in enumerate(plain[:17]))
    if plain[17] != _CREDIT[-total % 31]:
        raise BadIdentifier("uscc-checksum")
    return plain


def check_phone(number: str) -> str:
    """Return a telephone number in the one form it is kept and indexed in.

    Mainland mobiles without country code, landlines with area code and no separator but before the
    extension, numbers from elsewhere in E.164.
    """
    plain = re.sub(r"EXT\.?|转", "-", re.sub("[‐-―−]", "-", _plain(number)))
    plain = re.sub(r"[().·]", "", plain.replace("(0)", ""))
    plain = f"+{plain[2:]}" if plain.startswith("00") else plain
    home = _HOME_PREFIX.sub("", plain, count=1)
    flat = home.replace("-", "")
    head, dash, extension = home.rpartition("-")
    forms = [f"{head.replace('-', '')}-{extension}", flat] if dash else [flat]
    if home != plain:  # seen from abroad an area code has no zero
        forms += [f"0{form}" for form in forms]
    for form in forms:
        if any(kind.fullmatch(form) for kind in _PHONES):
            return form
    raise BadIdentifier("phone-form")


def mask_name(name: str) -> str:
    """Return a name as most roles see it: 张*, whatever its length."""
    return f"{name[0]}*" if name else ""


def mask_id(id_type: str, number: str) -> str:
    """Return a document's number with its first 3 and last 2 characters, the rest starred.

    A short number keeps one at each end. Of a disability certificate only the id number inside is
    shown that way: its last characters are the kind and grade of the disability.
    """
    if id_type == IdType.DISABILITY_CERTIFICATE:
        return _stars(number[:18], 3, 2) + "**"
    return _stars(number, 3, 2) if len(number) >= _SHORT else _stars(number, 1, 1)


def mask_phone(number: str) -> str:
    """Return a telephone number with its first 3 and last 4 digits; of a short one the last 2."""
    return _stars(number, 3, 4) if len(number) >= _SHORT else _stars(number, 0, 2)


def _stars(text: str, first: int, last: int) -> str:
    hidden = len(text) - first - last
    if hidden <= 0:
        return "*" * len(text)
    return text[:first] + "*" * hidden + text[len(text) - last :]


def _resident_id(number: str) -> str:
    return check_id(IdType.RESIDENT_ID, number)


ResidentId = Annotated[str, AfterValidator(_resident_id)]
"""A resident id number in a body: checked and normalised."""

CreditCode = Annotated[str, AfterValidator(check_credit_code)]
"""A unified social credit code in a body: checked and normalised."""

Phone = Annotated[str, AfterValidator(check_phone)]
"""A telephone number in a body: checked and normalised."""
