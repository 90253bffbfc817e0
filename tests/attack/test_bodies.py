"""Bodies and queries made to break a reader: each is a problem, quickly, and none a 500."""

import asyncio
import gzip
import json
import time
from uuid import uuid4

import pytest

from tests.attack.target import CITY, QUICK, is_problem

REFERRALS = f"/v1/{CITY}/referrals"
STATIONS = f"/v1/{CITY}/stations"


def referral(**other):
    said = {
        "partner_ref": uuid4().hex,
        "domain": "family_violence",
        "urgency": "hours_24",
        "legal_basis": {"kind": "statute", "cite": "反家庭暴力法 第十四条"},
        "division": "420102007",
        "subject": {"name": "王", "id_type": "none", "phone": "13800000000"},
        "narrative": "n",
    }
    subject = {k.removeprefix("subject_"): v for k, v in other.items() if k.startswith("subject_")}
    said |= {k: v for k, v in other.items() if not k.startswith("subject_")}
    said["subject"] = (
        said["subject"] | subject if isinstance(said["subject"], dict) else said["subject"]
    )
    return json.dumps(said).encode()


def with_narrative(written: bytes) -> bytes:
    """Write a value no library would write."""
    return referral().replace(b'"n"', written)


DEEP = 100_000
BODIES = {
    # nesting
    "lists in lists": (b"[" * DEEP + b"]" * DEEP, "malformed"),
    "objects in objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "malformed"),
    "lists that never end": (b"[" * 900_000, "malformed"),
    "objects that never end": (b'{"a":' * 150_000, "malformed"),
    "lists where a text belongs": (with_narrative(b"[" * DEEP + b"]" * DEEP), "malformed"),
    "a body that never ends": (referral()[:-1], "malformed"),
    "a second body behind the first": (referral() + b"{}", "malformed"),
    # numbers
    "a number of half a million digits": (with_narrative(b"1" * 500_000), "malformed"),
    "a large number": (with_narrative(b"9" * 4_000), "invalid"),
    "a number beyond all": (with_narrative(b"1e999999"), "invalid"),
    "a number that is tiny": (with_narrative(b"1e-999999"), "invalid"),
    "not a number": (with_narrative(b"NaN"), "invalid"),
    "infinity": (with_narrative(b"-Infinity"), "invalid"),
    "a number for a day": (referral(subject_born_on=0), "invalid"),
    "a number in quotes for a day": (referral(subject_born_on="0"), "invalid"),
    "a day before all": (referral(subject_born_on="0001-01-01"), "invalid"),
    "a day after all": (referral(subject_born_on="9999-12-31"), "invalid"),
    "a day that is none": (referral(subject_born_on="2026-02-30"), "invalid"),
    "a day of another script": (referral(subject_born_on="２０２６-01-01"), "invalid"),
    # texts
    "a text of 900 kB": (referral(narrative="x" * 900_000), "invalid"),
    "a zero character": (referral(narrative="a\0b"), "invalid"),
    "a zero character in a name": (referral(subject_name="a\0b"), "invalid"),
    "a zero character in a clause": (
        referral(legal_basis={"kind": "statute", "cite": "a\0"}),
        "invalid",
    ),
    "a zero character in a number": (referral(partner_ref="a\0" + uuid4().hex), "invalid"),
    "a zero character in a code": (referral(division="420102\0"), "invalid"),
    "a zero character in a field's name": (
        referral()[:-1] + b', "\\u0000": 1}',
        "invalid",
    ),
    "a zero byte": (with_narrative(b'"a\0b"'), "malformed"),
    "half a character": (referral(narrative="\ud800"), "malformed"),
    "the other half": (referral(subject_name="\udfff"), "malformed"),
    "half a character in a field's name": (referral()[:-1] + b', "\\ud800": 1}', "malformed"),
    "half a character in bytes": (with_narrative(b'"\xed\xa0\x80"'), "malformed"),
    "bytes that are no text": (with_narrative(b'"\xff\xfe"'), "malformed"),
    "a slash written too long": (with_narrative(b'"\xc0\xaf"'), "malformed"),
    "a mark of byte order": (b"\xef\xbb\xbf" + referral(), "malformed"),
    "another encoding": (referral().decode().encode("utf-16"), "malformed"),
    "a control character": (with_narrative(b'"\x01"'), "malformed"),
    # objects
    "a field twice": (referral()[:-1] + b', "domain": "other"}', "invalid"),
    "a field twice within": (
        referral().replace(b'"name":', b'"name": "x", "name":'),
        "invalid",
    ),
    "a field twice, once escaped": (referral()[:-1] + b', "d\\u006fmain": "other"}', "invalid"),
    "fifty thousand fields": (
        referral()[:-1] + b"," + b",".join(b'"k%d":1' % n for n in range(50_000)) + b"}",
        "invalid",
    ),
    "a hundred thousand attachments": (referral(attachments=[{}] * 100_000), "invalid"),
    "a prototype": (referral()[:-1] + b', "__proto__": {"admin": true}}', "invalid"),
    "nothing": (b"", "malformed"),
    "null": (b"null", "invalid"),
    "a list": (b"[]", "invalid"),
    "a text": (b'"x"', "invalid"),
    "a comment": (b"/**/" + referral(), "malformed"),
    "a comma too many": (referral()[:-1] + b",}", "malformed"),
    "compressed without a word": (gzip.compress(referral()), "malformed"),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_made_to_break_the_reader_is_a_problem_at_once(target, name):
    body, slug = BODIES[name]
    before = await target.rows_of("casework")
    started = time.monotonic()

    answer = await target.ask("partner", "POST", REFERRALS, content=body)

    assert time.monotonic() - started < QUICK
    assert is_problem(answer, 400, 422) == slug
    assert len(answer.content) < 10_000
    assert await target.rows_of("casework") == before


async def test_what_is_sent_in_full_is_taken(target):
    answer = await target.ask("partner", "POST", REFERRALS, content=referral())

    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("part", ["registry", "procurement", "evaluation", "gateway"])
async def test_every_part_refuses_what_no_column_keeps(target, part):
    path, body = {
        "registry": (STATIONS, {"name": "a\0b", "tier": "township", "mode": "procured"}),
        "procurement": (f"/v1/{CITY}/contracts", {"purchaser": {"name": "a\0b", "kind": "x"}}),
        "evaluation": (
            f"/v1/{CITY}/what-if",
            {"subject": {"kind": "station", "facts": {"x": "\0"}}},
        ),
        "gateway": (f"/v1/{CITY}/api-clients", {"name": "x", "kind": "\0", "role": "worker"}),
    }[part]

    answer = await target.ask("city_bureau", "POST", path, json=body)

    assert is_problem(answer, 422) == "invalid"


async def test_the_place_of_a_zero_character_is_named_and_not_the_text(target):
    answer = await target.ask(
        "partner", "POST", REFERRALS, content=referral(narrative="秘密\0", subject_name="\0")
    )

    assert [e["at"] for e in answer.json()["errors"]] == ["/subject/name", "/narrative"]
    assert "秘密" not in answer.text


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x"])
@pytest.mark.parametrize("body", [b"{}", gzip.compress(b"0" * 10_000_000)], ids=["plain", "bomb"])
async def test_a_compressed_body_is_not_unpacked(target, coding, body):
    answer = await target.ask(
        "partner", "POST", REFERRALS, content=body, headers={"content-encoding": coding}
    )

    assert is_problem(answer, 415) == "unsupported-media-type"


async def test_a_part_itself_does_not_unpack_either(target):
    token = target.internal("casework", "partner")
    answer = await target.http.post(
        target.where("casework") + REFERRALS,
        content=gzip.compress(referral()),
        headers={
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "content-encoding": "gzip",
            "idempotency-key": "x",
        },
    )

    assert is_problem(answer, 415) == "unsupported-media-type"


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/json+x"],
)
async def test_what_is_not_said_to_be_json_is_not_read(target, kind):
    answer = await target.ask(
        "partner", "POST", REFERRALS, content=referral(), headers={"content-type": kind}
    )

    assert is_problem(answer, 415) == "unsupported-media-type"


QUERIES = {
    "a thousand of one": ("limit=1&" * 1_000, 400),
    "ten thousand unknown": ("&".join(f"q{n}=1" for n in range(2_000)), 400),
    "a long number": ("limit=" + "9" * 5_000, 422),
    "a number of another script": ("limit=%D9%A1", 422),
    "less than nothing": ("limit=-1", 422),
    "more than all": ("limit=1000000", 422),
    "no number": ("limit=1e3", 422),
    "a zero character as a name": ("name=%00", 422),
    "a zero character within": ("name=a%00b", 422),
    "a zero character as a key": ("%00=1", 400),
    "a long name": ("name=" + "x" * 5_000, 422),
    "no cursor": ("after=x", 400),
    "a cursor of zeros": ("after=%00", 422),
    "a cursor that is a list of lists": ("after=W1tbW11dXV0", 400),
    "a cursor of another kind": ("after=eyJhIjoxfQ", 400),
    "a cursor with too much in it": ("after=WyJhIiwiYiIsImMiLCJkIl0", 400),
    "an endless cursor": ("after=" + "x" * 20_000, 422),
    "a filter nobody knows": ("city=330100", 400),
    "an operator": ("name[$ne]=x", 400),
    "a list": ("name[]=x", 400),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_made_to_break_the_reader_is_a_problem_at_once(target, name):
    query, status = QUERIES[name]
    started = time.monotonic()

    answer = await target.ask("city_bureau", "GET", f"{STATIONS}?{query}")

    assert time.monotonic() - started < QUICK
    is_problem(answer, status)


@pytest.mark.parametrize(
    "path",
    [
        *("coverage?as_of=0", "coverage?as_of=0001-01-01", "coverage?as_of=9999-12-31"),
        *("coverage?known_at=0", "coverage?known_at=2026-01-01T00:00:00"),
        "coverage?known_at=0001-01-01T00:00:00%2B14:00",
        "coverage?known_at=9999-12-31T23:59:59-14:00",
        *("policy?as_of=99999-01-01", "policy?as_of=2026-13-01", "policy?as_of=1e9"),
        *("contracts?on=0", "contracts?on=9999-12-31", "compliance?subject=x:1"),
        "compliance?subject=station:%00",
    ],
)
async def test_a_time_beyond_all_times_is_a_problem(target, path):
    is_problem(await target.ask("city_bureau", "GET", f"/v1/{CITY}/{path}"), 422)


@pytest.mark.parametrize(
    "written",
    [
        "'; DROP TABLE station; --",
        "%' OR '1'='1",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "../../etc/passwd",
    ],
)
async def test_words_of_other_languages_are_only_words(target, written):
    answer = await target.ask("city_bureau", "GET", STATIONS, params={"name": written})

    assert (answer.status_code, answer.json()["items"]) == (200, [])


BOMBS = {
    "a laugh that grows": "\n".join(
        ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    ),
    "a list within itself": "a: &a [*a]",
    "a command": "!!python/object/apply:os.system ['true']",
    "lists in lists": "[" * 50_000,
    "a large number": "a: " + "9" * 500_000,
    "a merge of merges": "a: &a {b: 1}\n" + "".join(f"c{n}: {{<<: *a}}\n" for n in range(20_000)),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("way", ["packs", "what-if"])
@pytest.mark.parametrize("whole", [True, False], ids=["as the text", "as a layer"])
async def test_a_pack_made_to_break_the_reader_is_a_problem_at_once(target, name, way, whole):
    layers = [{"pack": CITY, "text": BOMBS[name]}]
    text = BOMBS[name] if whole else json.dumps({"pack": CITY, "layers": layers})
    body = {"layers": text} if way == "packs" else {"subject": f"city:{CITY}", "pack": text}
    started = time.monotonic()

    answer = await target.ask("city_bureau", "POST", f"/v1/{CITY}/{way}", json=body)

    assert time.monotonic() - started < QUICK
    is_problem(answer, 422)


async def test_while_one_sends_bombs_others_are_served(target):
    async def bombs():
        for name in ("objects in objects", "fifty thousand fields", "a field twice"):
            await target.ask("partner", "POST", REFERRALS, content=BODIES[name][0])

    attack = asyncio.create_task(bombs())
    while not attack.done():
        started = time.monotonic()
        answer = await target.ask("auditor", "GET", f"{REFERRALS}?limit=1")
        assert answer.status_code == 200
        assert time.monotonic() - started < QUICK
    await attack
