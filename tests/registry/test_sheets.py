"""Spreadsheets: read in the city's words, written whole or not at all, harmless when repeated."""

import csv

import openpyxl
import pytest

from chassis.identifiers import mask_id
from chassis.tables import EventLog
from services.registry.models import Posting, Station, Supervision, Worker
from services.registry.sheets import exporting, files, importing
from services.registry.sheets.importing import ground_of, import_file
from services.registry.sheets.kinds import KINDS
from services.registry.sheets.lines import SAY, Line
from tests.conftest import WUHAN, who
from tests.registry.conftest import a_station, added, an_agency
from tests.registry.test_supervision import a_supervisor
from tests.registry.test_trainings import a_training
from tests.registry.test_workers import NUMBER, OTHER

STATION = {
    "名称*": "一元街道社工站",
    "区划代码*": "420102007",
    "区划名称": "一元街道",
    "层级*": "乡镇（街道）社会工作服务站",
    "配备方式*": "政府购买服务",
    "状态*": "运行",
    "启用日期": "2021年12月1日",
    "办公面积（平方米）": "25",
    "功能室": "个案工作室、小组活动室",
}


@pytest.fixture
async def words(wuhan):
    """Return the city's words, and make the station's row say them."""
    found = (await ground_of(wuhan, who())).words
    STATION["层级*"] = found["tier"]["township"].zh
    STATION["配备方式*"] = found["mode"]["procured"].zh
    STATION["功能室"] = "、".join(found["room"][each].zh for each in ("case", "group"))
    return found


def sheet(folder, kind, *rows, suffix=".csv", encoding="utf-8-sig"):
    """Write a file as somebody at a desk would."""
    path = folder / f"{kind}{suffix}"
    headings = list(dict.fromkeys(name for row in rows for name in row))
    table = [headings, *([row.get(name, "") for name in headings] for row in rows)]
    if suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in table:
            book.worksheets[0].append(row)
        book.save(path)
    else:
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(table)
    return path


async def taken(database, path, mode="whole"):
    """Import a file; return how many rows became what, and the report's rows."""
    report = path.with_name(f"report{path.suffix}")
    kind = KINDS[path.stem]
    counts = await import_file(database, who(), path, kind, mode=mode, report=report)
    return {str(outcome): number for outcome, number in counts.items()}, list(_rows(report))


def _rows(path):
    if path.suffix == ".xlsx":
        yield from openpyxl.load_workbook(path).worksheets[0].iter_rows(min_row=2, values_only=True)
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from list(csv.reader(file))[1:]


async def count(database, model, *where):
    async with database.begin(who()) as tx:
        return await tx.count(model, *where)


@pytest.mark.parametrize(("suffix", "encoding"), [(".xlsx", ""), (".csv", "gb18030")])
@pytest.mark.usefixtures("words")
async def test_the_same_file_twice_changes_nothing(wuhan, tmp_path, suffix, encoding):
    path = sheet(tmp_path, "stations", STATION, suffix=suffix, encoding=encoding)

    first, _ = await taken(wuhan, path)
    told = await count(wuhan, EventLog)
    again, _ = await taken(wuhan, path)

    assert (first, again) == ({"new": 1}, {"same": 1})
    assert await count(wuhan, EventLog) == told
    async with wuhan.begin(who()) as tx:
        [station] = await tx.find(Station)
    assert (station.status, str(station.open_on)) == ("open", "2021-12-01")
    assert station.facts == {"office_m2": 25.0, "rooms": ["case", "group"]}


@pytest.mark.usefixtures("words")
async def test_one_cell_changed_is_one_event(wuhan, tmp_path):
    await taken(wuhan, sheet(tmp_path, "stations", STATION))
    before = await count(wuhan, EventLog)

    other = STATION | {"办公面积（平方米）": "30"}
    counts, _ = await taken(wuhan, sheet(tmp_path, "stations", other))

    assert counts == {"changed": 1}
    assert await count(wuhan, EventLog) == before + 1


@pytest.mark.usefixtures("words")
async def test_whole_or_nothing_writes_nothing_and_says_why_at_the_cell(wuhan, tmp_path):
    bad = STATION | {
        "名称*": "乙站",
        "区划代码*": "330102001",
        "层级*": "第九层",
        "启用日期": "昨天",
    }
    path = sheet(tmp_path, "stations", STATION, bad, suffix=".xlsx")

    counts, rows = await taken(wuhan, path)

    assert counts == {"left": 1, "wrong": 1}
    assert await count(wuhan, Station) == 0
    assert rows[0][-2] == "未写入 · not written"
    assert rows[1][-2] == "有误 · wrong"
    for word in ("层级：", "Tier: ", "启用日期：", "Open since: a day is written 2026-01-31"):
        assert word in rows[1][-1]
    book = openpyxl.load_workbook(tmp_path / "report.xlsx").worksheets[0]
    marked = {cell.value for cell in book[3] if cell.comment is not None}
    assert marked == {"第九层", "昨天"}


@pytest.mark.usefixtures("words")
async def test_the_right_rows_only_and_the_corrected_report_goes_in_as_it_is(wuhan, tmp_path):
    bad = STATION | {"名称*": "乙站", "区划代码*": "330102001"}
    counts, rows = await taken(wuhan, sheet(tmp_path, "stations", STATION, bad), "valid")

    assert counts == {"new": 1, "wrong": 1}
    assert "不在本辖区内" in rows[1][-1]
    report = tmp_path / "report.csv"
    mended = report.read_text("utf-8-sig").replace("330102001", "420102008")
    corrected = tmp_path / "stations.csv"
    corrected.write_text(mended.replace("一元街道,", ",", 2), "utf-8-sig")
    counts, _ = await taken(wuhan, corrected)
    assert counts == {"new": 1, "same": 1}


@pytest.mark.usefixtures("words")
async def test_only_looking_writes_nothing(wuhan, tmp_path):
    counts, _ = await taken(wuhan, sheet(tmp_path, "stations", STATION), "look")

    assert counts == {"new": 1}
    assert await count(wuhan, Station) == 0


@pytest.mark.usefixtures("words")
async def test_what_comes_first_in_a_file_comes_first_though_batches_overlap(
    wuhan, tmp_path, monkeypatch
):
    monkeypatch.setattr(importing, "BATCH", 1)
    other = STATION | {"名称*": "乙站", "区划代码*": "420102008", "区划名称": ""}
    rows = [STATION, other, STATION | {"办公面积（平方米）": "30"}]
    rows += [rows[-1] | {"名称*": f" {STATION['名称*']} ", "办公面积（平方米）": "31"}]

    counts, report = await taken(wuhan, sheet(tmp_path, "stations", *rows), "valid")

    assert counts == {"new": 2, "changed": 2}
    assert [row[-2] for row in report] == [SAY[o] for o in ("new", "new", "changed", "changed")]
    async with wuhan.begin(who()) as tx:
        told = {station.name: station.facts["office_m2"] for station in await tx.find(Station)}
    assert told == {STATION["名称*"]: 31.0, "乙站": 25.0}


@pytest.mark.usefixtures("words")
async def test_tables_that_a_file_filled_are_counted_at_once(wuhan, tmp_path):
    await taken(wuhan, sheet(tmp_path, "stations", STATION))

    asked = """SELECT reltuples, has_function_privilege('registry_relay', 'measure(text)', 'EXECUTE')
                 FROM pg_class WHERE relname = 'station'"""
    async with wuhan.begin(who()) as tx:
        [row] = await tx.fetch(asked)
    assert tuple(row) == (1, False)


async def test_a_heading_nobody_knows_is_named_with_what_may_be_meant(wuhan, tmp_path):
    path = sheet(tmp_path, "stations", {"名称*": "x", "区划代号": "1"})

    with pytest.raises(files.BadFile) as bad:
        await taken(wuhan, path)

    assert "区划代号" in bad.value.zh
    assert "区划代码" in bad.value.zh


async def test_a_file_that_is_no_csv_is_said_to_be_none(wuhan, tmp_path):
    path = tmp_path / "stations.csv"
    path.write_bytes(b"\xff\xfe\x00\x81\x30\x81")

    with pytest.raises(files.BadFile):
        await taken(wuhan, path)


async def test_people_come_with_their_posting_and_are_known_again_by_their_document(
    wuhan, words, bureau, tmp_path
):
    await added(bureau, "stations", a_station())
    await added(bureau, "agencies", an_agency())
    person = {
        "姓名": "张小明",
        "证件号码": NUMBER,
        "手机": "13912345678",
        "用人单位信用代码": an_agency()["credit_code"],
        "职业资格": words["cert"]["assistant"].zh,
        "资格批准日期": "2020-10-01",
        "站点名称": "一元街道社工站",
        "任职起": "2024-01-01",
        "是否专职": "是",
    }
    path = sheet(tmp_path, "workers", person)

    first, _ = await taken(wuhan, path)
    again, _ = await taken(wuhan, path)
    path = sheet(tmp_path, "workers", person | {"手机": "13900000000", "任职止": "2024-12-31"})
    third, _ = await taken(wuhan, path)

    assert [first, again, third] == [{"new": 1}, {"same": 1}, {"changed": 1}]
    assert (await count(wuhan, Worker), await count(wuhan, Posting)) == (1, 1)
    shown = (await bureau.get(f"/v1/{WUHAN}/workers")).json()["items"][0]
    assert (shown["phone"], shown["postings"][0]["ends_on"]) == ("139****0000", "2024-12-31")


async def test_a_clash_in_the_database_blames_its_row_and_lets_the_others_in(
    wuhan, words, bureau, tmp_path
):
    await added(bureau, "stations", a_station())
    person = {"姓名": "张小明", "证件号码": NUMBER, "职业资格": words["cert"]["none"].zh}
    await taken(wuhan, sheet(tmp_path, "workers", person, person | {"证件号码": OTHER}))
    post = {"站点名称": "一元街道社工站", "任职起": "2024-01-01"}
    rows = (
        post | {"证件号码": NUMBER},
        post | {"证件号码": NUMBER, "任职起": "2024-02-01"},
        post | {"证件号码": OTHER},
    )

    counts, report = await taken(wuhan, sheet(tmp_path, "postings", *rows), "valid")

    assert counts == {"new": 2, "wrong": 1}
    assert "overlaps a full-time posting" in report[1][-1]
    assert await count(wuhan, Posting) == 2


async def test_trainings_and_supervisions_come_by_the_row_and_belong_together(
    wuhan, words, bureau, tmp_path
):
    station = await added(bureau, "stations", a_station())
    none = words["cert"]["none"].zh
    people = [
        {"姓名": n, "证件号码": i, "职业资格": none} for n, i in (("甲", NUMBER), ("乙", OTHER))
    ]
    await taken(wuhan, sheet(tmp_path, "workers", *people))
    async with wuhan.begin(who()) as tx:
        guide = next(w for w in await tx.find(Worker) if w.name == "乙")
    await added(bureau, "supervisors", a_supervisor(guide.id, station))
    training = {
        "培训类别": words["training_kind"]["practice"].zh,
        "方式": "线下",
        "学时": "8",
        "举办单位": "协会",
        "主题": "个案",
        "开始日期": "2026-03-02",
        "结束日期": "2026-03-02",
    }
    both = [training | {"证件号码": each} for each in (NUMBER, OTHER)]
    day = {
        "督导编号": "1",
        "站点名称": "一元街道社工站",
        "督导证件号码": OTHER,
        "督导方式": "现场督导",
        "时长（小时）": "8",
    }
    other = day | {"督导编号": "2", "日期": "2026-04-02"}
    days = [day | {"日期": "2026-03-03"}, other, day | {"日期": "2026-03-02"}]

    once = [await taken(wuhan, sheet(tmp_path, "trainings", *both[:1]))]
    once += [await taken(wuhan, sheet(tmp_path, "trainings", *both))]
    visits = [await taken(wuhan, sheet(tmp_path, "supervisions", *days)) for _ in range(2)]

    assert [counts for counts, _ in once] == [{"new": 1}, {"same": 1, "new": 1}]
    assert [counts for counts, _ in visits] == [{"new": 3}, {"same": 3}]
    listed = (await bureau.get(f"/v1/{WUHAN}/trainings")).json()["items"]
    assert [len(each["worker_ids"]) for each in listed] == [2]
    async with wuhan.begin(who()) as tx:
        visits = await tx.find(Supervision, order_by=(Supervision.last_day,))
    said = [[each["day"] for each in visit.days] for visit in visits]
    assert said == [["2026-03-02", "2026-03-03"], ["2026-04-02"]]

    post = {"站点名称": "一元街道社工站", "任职起": "2024-01-01", "证件号码": NUMBER}
    await taken(wuhan, sheet(tmp_path, "postings", post))
    for kind, number in (("postings", 1), ("trainings", 2), ("supervisions", 3)):
        path = await exported(wuhan, words, kind, tmp_path)
        text = path.read_text("utf-8-sig")
        assert NUMBER not in text
        assert OTHER not in text
        for each in (NUMBER, OTHER):
            text = text.replace(mask_id("resident_id", each), each)
        path.write_text(text, "utf-8-sig")
        assert (await taken(wuhan, path))[0] == {"same": number}


async def exported(database, words, kind, folder):
    path = folder / f"{kind}.csv"
    with files.report(path, KINDS[kind], outcomes=False) as out:
        async for texts in exporting.rows(database, who(), KINDS[kind], words):
            out.add(files.Line(2, texts))
    return path


async def test_what_was_cancelled_is_not_written_out_as_held(wuhan, words, bureau, tmp_path):
    none = words["cert"]["none"].zh
    person = {"姓名": "甲", "证件号码": NUMBER, "职业资格": none}
    await taken(wuhan, sheet(tmp_path, "workers", person))
    async with wuhan.begin(who()) as tx:
        ids = [str(worker.id) for worker in await tx.find(Worker)]
    await added(bureau, "trainings", a_training(*ids, status="cancelled"))

    path = await exported(wuhan, words, "trainings", tmp_path)

    assert len(path.read_text("utf-8-sig").splitlines()) == 1


async def test_what_is_exported_could_be_imported_and_hides_what_is_sealed(wuhan, words, tmp_path):
    await taken(wuhan, sheet(tmp_path, "stations", STATION))
    person = {"姓名": "=1+1", "证件号码": NUMBER, "职业资格": words["cert"]["none"].zh}
    await taken(
        wuhan,
        sheet(tmp_path, "workers", person | {"站点名称": "一元街道社工站", "任职起": "2024-01-01"}),
    )

    for kind in ("stations", "workers"):
        await exported(wuhan, words, kind, tmp_path)

    counts, _ = await taken(wuhan, tmp_path / "stations.csv")
    assert counts == {"same": 1}
    text = (tmp_path / "workers.csv").read_text("utf-8-sig")
    assert NUMBER not in text
    assert "'=1+1" in text


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_was_made_harmless_in_a_report_is_read_again_as_it_was(tmp_path, form):
    path = tmp_path / f"report.{form}"
    said = {"name": "某社工", "phone": "+8613800138000", "id_number": "X", "cert": "无"}

    with files.report(path, KINDS["workers"], outcomes=False) as out:
        out.add(Line(2, said))

    assert [dict(line.texts) for line in files.read(path, KINDS["workers"])] == [said]


async def test_a_template_offers_the_citys_own_words(words, tmp_path):
    path = tmp_path / "stations.xlsx"

    files.template(path, KINDS["stations"], words)

    book = openpyxl.load_workbook(path)
    first, choices = book.worksheets
    assert [cell.value for cell in first[1]] == [c.heading for c in KINDS["stations"].columns]
    tiers = {word.zh for word in words["tier"].values()}
    column = next(c for c in choices.iter_cols(values_only=True) if c[0] == "层级")
    assert tiers <= set(column)
    assert len(first.data_validations.dataValidation) == 4
