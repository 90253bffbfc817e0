"""A line to a part answers one request at a time, and never with another's answer."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from gateway import lines as wire
from gateway.lines import Lines, Lost, Unreached

OK = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s"


class Raw:
    """A part that answers each request with the next of its words, bytes as they are."""

    def __init__(self, *words):
        self.words, self.lines, self.asked = list(words), 0, []
        self.go_on, self.once = asyncio.Event(), False
        self.came = asyncio.Queue()

    async def __call__(self, reader, writer):
        self.lines += 1
        try:
            while True:
                self.asked.append(await reader.readuntil(b"\r\n\r\n"))
                self.came.put_nowait(None)
                word = self.words.pop(0) if self.words else self.echo()
                if word is None:
                    return
                if word == b"wait":
                    await self.go_on.wait()
                    word = self.echo()
                writer.write(word)
                await writer.drain()
                if self.once:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def echo(self):
        path = self.asked[-1].split(b" ")[1]
        return OK % (len(path), path)


@asynccontextmanager
async def talking(part, size=2):
    server = await asyncio.start_server(part, "127.0.0.1", 0)
    made = Lines(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", size)
    try:
        yield made
    finally:
        made.close()
        part.go_on.set()
        server.close()
        await server.wait_closed()


async def test_lines_are_kept_and_used_again():
    part = Raw()
    async with talking(part) as lines:
        for number in range(3):
            answer = await lines.send("GET", f"/{number}", [(b"x", b"y")], b"")
            assert (answer.status, answer.content) == (200, b"/%d" % number)
    assert part.lines == 1
    assert b"\r\nx: y\r\n" in part.asked[0]


async def test_an_answer_nobody_waited_for_does_not_meet_the_next_request():
    part = Raw(b"wait")
    async with talking(part, size=1) as lines:
        hasty = asyncio.create_task(lines.send("GET", "/first", [], b""))
        await part.came.get()
        hasty.cancel()
        part.go_on.set()
        answers = [await lines.send("GET", f"/{n}", [], b"") for n in range(3)]
    assert [answer.content for answer in answers] == [b"/0", b"/1", b"/2"]


async def test_who_finds_no_line_free_waits_for_one():
    part = Raw(b"wait", b"wait")
    async with talking(part) as lines:
        all_of_them = [asyncio.create_task(lines.send("GET", f"/{n}", [], b"")) for n in range(6)]
        await part.came.get()
        await part.came.get()
        part.go_on.set()
        await asyncio.gather(*all_of_them)
    assert part.lines == 2


@pytest.mark.parametrize(
    ("word", "content"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", b"abc"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx", b"x"),
    ],
)  # fmt: skip
async def test_answers_of_every_form_are_whole(word, content):
    part = Raw(word)
    async with talking(part) as lines:
        assert (await lines.send("GET", "/", [], b"")).content == content
        assert (await lines.send("GET", "/next", [], b"")).content == b"/next"
    assert part.lines == 1 + (b"close" in word)


async def test_an_answer_to_head_has_no_body_whatever_its_length_says():
    part = Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
    async with talking(part) as lines:
        answer = await lines.send("HEAD", "/", [], b"")
        assert (answer.content, answer.headers) == (b"", [(b"content-length", b"9")])
        assert (await lines.send("GET", "/next", [], b"")).content == b"/next"


@pytest.mark.parametrize(
    ("word", "begun"),
    [
        (None, False),
        (b"no words of ours\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", True),
    ],
)
async def test_a_part_that_hangs_up_is_told_by_whether_it_had_begun(word, begun):
    part = Raw(word)
    part.once = True
    async with talking(part) as lines:
        with pytest.raises(Lost) as lost:
            await lines.send("GET", "/", [], b"")
    assert lost.value.begun is begun


async def test_a_second_answer_nobody_asked_for_ends_the_line():
    part = Raw(OK % (1, b"a") + OK % (1, b"b"))
    async with talking(part) as lines:
        assert (await lines.send("GET", "/", [], b"")).content == b"a"
        assert (await lines.send("GET", "/next", [], b"")).content == b"/next"
    assert part.lines == 2


async def test_a_line_quiet_for_long_is_not_used(monkeypatch):
    part = Raw()
    async with talking(part) as lines:
        await lines.send("GET", "/", [], b"")
        monkeypatch.setattr(wire, "IDLE_SECONDS", -1.0)
        await lines.send("GET", "/", [], b"")
    assert part.lines == 2


async def test_where_nobody_listens_no_request_was_seen():
    with pytest.raises(Unreached):
        await Lines("http://127.0.0.1:1").send("GET", "/", [], b"")
