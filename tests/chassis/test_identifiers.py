"""Numbers of people and organisations: what is let in, in which form, and what is shown."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from stdnum.cn import uscc

from chassis.identifiers import (
    BadIdentifier,
    CreditCode,
    IdType,
    Phone,
    ResidentId,
    born_on,
    check_credit_code,
    check_id,
    check_phone,
    mask_id,
    mask_name,
    mask_phone,
    sex,
)

# The check characters were worked out by hand from the weights of GB 11643-1999.
PUBLISHED = "11010519491231002X"
ELDERLY = "420102193503071219"
NUMBERS = "0123456789"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def citizen(place: str, born: date, sequence: int) -> str:
    """Build a number by the standard's own sum: Σ aᵢ·2^(18-i) ≡ 1 (mod 11)."""
    body = f"{place}{born:%Y%m%d}{sequence:03}"
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body))
    check = (1 - total) % 11
    return body + "0123456789X"[check]


citizens = st.builds(
    citizen,
    st.from_regex(r"[1-7][0-9]{5}", fullmatch=True),
    st.dates(date(1900, 1, 1), date(2026, 11, 21)),
    st.integers(0, 999),
)
credit_codes = st.text(ALPHABET, min_size=17, max_size=17).map(
    lambda body: body + uscc.calc_check_digit(body)
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (PUBLISHED, PUBLISHED),
        ("11010519491231002x", PUBLISHED),
        (" 110105 19491231 002X ", PUBLISHED),
        ("１１０１０５１９４９１２３１００２Ｘ", PUBLISHED),
    ],
)
def test_a_resident_id_is_kept_in_one_form(typed, kept):
    assert check_id("resident_id", typed) == kept


@given(citizens)
def test_every_number_the_standard_makes_is_let_in(number):
    assert check_id("resident_id", number, date(2026, 11, 21)) == number
    assert born_on("resident_id", number) == date.fromisoformat(number[6:14])


@pytest.mark.parametrize("place", ["420102", "450206", "330113", "340176", "330103", "450221"])
def test_no_place_is_looked_up(place):
    """Codes younger than the person, abolished, or of the statistics bureau only."""
    number = citizen(place, date(1935, 3, 7), 121)

    assert check_id("resident_id", number) == number


@given(citizens, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_found(number, place, other):
    if number[place] == other:
        return
    wrong = number[:place] + other + number[place + 1 :]

    with pytest.raises(BadIdentifier):
        check_id("resident_id", wrong)


@given(citizens, st.integers(0, 16))
def test_two_neighbours_that_changed_places_are_always_found(number, place):
    if number[place] == number[place + 1]:
        return
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    with pytest.raises(BadIdentifier):
        check_id("resident_id", wrong)


@pytest.mark.parametrize(
    ("id_type", "number", "code"),
    [
        ("resident_id", "", "id-missing"),
        ("resident_id", None, "id-missing"),
        ("resident_id", "110105491231002", "id-form"),
        ("resident_id", "1101051949123100２Y", "id-form"),
        ("resident_id", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", "id-form"),
        ("resident_id", "110105194912310021", "id-checksum"),
        (
            "resident_id",
            citizen("110105", date(1949, 12, 1), 2).replace("1201", "1301"),
            "id-birth-date",
        ),
        ("resident_id", "110105189912310020", "id-birth-date"),
        ("resident_id", citizen("810000", date(1990, 1, 1), 7), "id-other-type"),
        ("resident_id", citizen("911124", date(1990, 1, 1), 7), "id-other-type"),
        ("hmt_permit", PUBLISHED, "id-other-type"),
        ("foreign_pr", PUBLISHED, "id-other-type"),
        ("hmt_permit", "X12345678", "id-form"),
        ("foreign_pr", "AB1234567890123", "id-form"),
        ("disability_certificate", PUBLISHED, "id-form"),
        ("disability_certificate", f"{PUBLISHED}85", "id-form"),
        ("disability_certificate", "11010519491231002144", "id-checksum"),
        ("passport", "E1", "id-form"),
        ("passport", "ABCDEFGH", "id-form"),
        ("none", "123", "id-unexpected"),
        ("driving_licence", "123", "id-type"),
    ],
)
def test_what_is_wrong_is_named_and_the_number_is_not(id_type, number, code):
    with pytest.raises(BadIdentifier) as bad:
        check_id(id_type, number)

    assert bad.value.code == code
    assert bad.value.zh
    assert not any(sign.isdigit() for sign in bad.value.zh + bad.value.en + repr(bad.value))


def test_a_birth_in_the_future_is_wrong_only_where_the_day_is_known():
    number = citizen("420102", date(2026, 11, 22), 11)

    assert check_id("resident_id", number) == number
    with pytest.raises(BadIdentifier):
        check_id("resident_id", number, date(2026, 11, 21))


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        ("disability_certificate", f"{PUBLISHED}44"),
        ("disability_certificate", f"{PUBLISHED}11B1"),
        ("hmt_permit", citizen("830000", date(1990, 1, 1), 7)),
        ("hmt_permit", "H12345678"),
        ("hmt_permit", "M1234567801"),
        ("hmt_permit", "12345678"),
        ("foreign_pr", citizen("911124", date(1990, 1, 1), 7)),
        ("foreign_pr", "CAN110112345678"),
        ("passport", "E12345678"),
        ("none", ""),
    ],
)
def test_other_documents_are_let_in(id_type, number):
    assert check_id(id_type, number) == number


def test_no_document_needs_no_number():
    assert check_id("none", None) == ""


def test_the_id_types_are_those_of_the_contract():
    assert [str(kind) for kind in IdType] == [
        "resident_id",
        "disability_certificate",
        "foreign_pr",
        "hmt_permit",
        "passport",
        "none",
    ]


def test_birth_and_sex_are_read_from_every_number_that_holds_them():
    certificate = f"{ELDERLY}44"

    assert born_on("disability_certificate", certificate) == date(1935, 3, 7)
    assert sex("disability_certificate", certificate) == "male"
    assert sex("resident_id", PUBLISHED) == "female"
    assert born_on("passport", "E12345678") is None
    assert sex("hmt_permit", "H12345678") is None


def test_a_known_credit_code_is_let_in():
    assert check_credit_code(" 91110000600037341l ") == "91110000600037341L"


@given(credit_codes)
def test_a_credit_code_may_hold_letters_anywhere(code):
    assert check_credit_code(code) == code


@given(st.from_regex(r"[159][0-9]{7}[0-9A-H]{10}", fullmatch=True))
def test_the_credit_code_agrees_with_another_library(code):
    try:
        ours = check_credit_code(code) == code
    except BadIdentifier:
        ours = False

    assert ours == uscc.is_valid(code)


@given(credit_codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_of_a_credit_code_is_always_found(code, place, other):
    if code[place] == other:
        return

    with pytest.raises(BadIdentifier):
        check_credit_code(code[:place] + other + code[place + 1 :])


@pytest.mark.parametrize(
    "code", ["", "9111000060003734", "91110000600037341I", "O1110000600037341L"]
)
def test_a_credit_code_of_the_wrong_form_is_refused(code):
    with pytest.raises(BadIdentifier) as bad:
        check_credit_code(code)

    assert bad.value.code == "uscc-form"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("138 0013 8000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("0086-13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("86-138-0013-8000", "13800138000"),
        ("027-87654321", "02787654321"),
        ("（027）8765 4321", "02787654321"),
        ("027-8765-4321", "02787654321"),
        ("+86 27 8765 4321", "02787654321"),
        ("+86 (0)10 6552 9988", "01065529988"),
        ("+86 10 6552 9988", "01065529988"),
        ("0994-2345678转801", "09942345678-801"),
        ("0994-2345678 ext. 801", "09942345678-801"),
        ("400-820-8820", "4008208820"),
        ("+852 9123 4567", "+85291234567"),
        ("00852-9123-4567", "+85291234567"),
        ("+44 (0)20 7946 0018", "+442079460018"),
    ],
)
def test_a_telephone_number_is_kept_in_one_form(typed, kept):
    assert check_phone(typed) == kept
    assert check_phone(kept) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "87654321", "12800138000", "1380013800", "138001380000", "+86 1", "+8699912345678", "abc"],
)
def test_what_cannot_be_called_is_refused(typed):
    with pytest.raises(BadIdentifier) as bad:
        check_phone(typed)

    assert bad.value.code == "phone-form"


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_every_mobile_is_let_in_with_and_without_its_country_code(mobile):
    assert (
        check_phone(mobile) == check_phone(f"+86{mobile}") == check_phone(f"86{mobile}") == mobile
    )


def test_masks_show_what_most_roles_may_see():
    assert mask_name("张三丰") == "张*"
    assert mask_name("") == ""
    assert mask_id("resident_id", PUBLISHED) == "110*************2X"
    assert mask_id("hmt_permit", "12345678") == "1******8"
    assert mask_id("none", "") == ""
    assert mask_phone("13800138000") == "138****8000"
    assert mask_phone("1234") == "**34"
    assert mask_phone("1") == "*"


def test_the_mask_of_a_disability_certificate_hides_the_disability():
    plain, reissued = f"{PUBLISHED}44", f"{PUBLISHED}61B1"

    assert mask_id("disability_certificate", plain) == "110*************2X**"
    assert mask_id("disability_certificate", reissued) == "110*************2X**"


class Person(BaseModel):
    id_number: ResidentId
    phone: Phone
    agency: CreditCode


def test_in_a_body_numbers_are_normalised():
    person = Person(
        id_number="11010519491231002x", phone="+86 13800138000", agency="91110000600037341l"
    )

    assert person.model_dump() == {
        "id_number": PUBLISHED,
        "phone": "13800138000",
        "agency": "91110000600037341L",
    }


def test_in_a_body_the_code_and_both_sentences_can_be_read_from_the_error():
    with pytest.raises(ValidationError) as wrong:
        Person(id_number="1", phone="13800138000", agency="91110000600037341L")

    (error,) = wrong.value.errors(include_input=False)
    assert error["ctx"]["error"].code == "id-form"
    assert error["ctx"]["error"].zh
