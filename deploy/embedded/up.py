"""`shegong up`: run everything until Ctrl-C or SIGTERM, and say so in short lines."""

import asyncio
import signal
import time
from collections.abc import Coroutine
from pathlib import Path

import click

from deploy.embedded.run import Program, Running, running, serve

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(data: Path, port: int, *, demo: bool, program: Program = serve) -> None:
    """Run the platform in this process until it is asked to stop."""
    asyncio.run(_until_asked(_work(data, port, demo, program)))


async def _until_asked(platform: Coroutine[None, None, None]) -> None:
    work = asyncio.create_task(platform)
    loop = asyncio.get_running_loop()
    asked = False

    def ask() -> None:
        nonlocal asked
        # Once: a second one would only interrupt the tidying.
        if not asked:
            asked = True
            _say("正在停止", "stopping")
            work.cancel()

    for one in STOPS:
        loop.add_signal_handler(one, ask)
    try:
        await work
    except asyncio.CancelledError:
        if not asked:
            raise
        _say("已全部停止，数据已保存", "all stopped, the data is kept")


async def _work(data: Path, port: int, demo: bool, program: Program) -> None:
    started = time.monotonic()
    _say("正在启动数据库、消息系统和五个服务", "starting databases, events and the five parts")
    async with running(data, port=port, demo=demo, say=_say, program=program) as run:
        _say(*_welcome(run, time.monotonic() - started))
        await asyncio.Event().wait()


def _welcome(run: Running, seconds: float) -> tuple[str, str]:
    zh = f"已就绪（{seconds:.1f} 秒）：{run.base_url}  接口文档 {run.base_url}/docs  按 Ctrl-C 停止"
    en = f"ready ({seconds:.1f} s): {run.base_url}  API {run.base_url}/docs  Ctrl-C stops it"
    if (run.data / "demo.json").exists():
        zh += f"\n           演示账号 {run.data / 'demo.json'}  演示 make demo"
        en += f"\n           demo clients {run.data / 'demo.json'}  the demo: make demo"
    return zh, en


def _say(zh: str, en: str) -> None:
    click.echo(f"社工站     {zh}")
    click.echo(f"Shegong    {en}")
