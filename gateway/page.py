"""The page for people: what runs here, how well it is, and where to go on."""

import asyncio
from html import escape

import orjson
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from chassis.service import readiness
from gateway.parts import Parts

router = APIRouter(include_in_schema=False)

_ABOUT = {
    "registry": ("社工站、社工、机构与政策", "stations, workers, agencies, policies"),
    "casework": ("转介与个案", "referrals and cases"),
    "procurement": ("采购与合同", "procurement and contracts"),
    "evaluation": ("事实、判定与覆盖率", "facts, verdicts, coverage"),
    "gateway": ("统一入口", "the one door"),
}
_STATES = {
    "ready": ("正常", "ready"),
    "not ready": ("未就绪", "not ready"),
    "down": ("无响应", "no answer"),
}
_STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
  color: #1c2733; background: #fff; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #d8dee6; }
.ready { color: #12702f; } .not-ready, .down { color: #a3261b; }
code, pre { font: 14px/1.5 ui-monospace, monospace; } pre { overflow: auto; background: #f4f6f8;
  padding: .8rem; }
nav a { margin-right: .6rem; } summary { cursor: pointer; padding: .2rem 0; }
"""


@router.get("/")
async def get_page(request: Request) -> HTMLResponse:
    """Show every part with its state as of now."""
    parts: Parts = request.app.state.parts
    own = await readiness(request.app)
    found = await asyncio.gather(*(_state(parts, part) for part in parts.urls))
    fit = all(state == "ok" for state in own["checks"].values())
    states = dict(zip(parts.urls, found, strict=True))
    states["gateway"] = (
        "ready" if fit else "not ready",
        [name for name, state in own["checks"].items() if state != "ok"],
    )
    rows = "".join(_row(part, *states[part]) for part in states)
    body = (
        "<p>面向多个城市的社会工作服务站平台；每个城市按自己的政策文件运行。<br>"
        "Social work service stations for many cities, each under its own policy document.</p>"
        "<table><tr><th>部分 · part</th><th>职责 · does</th><th>状态 · state</th></tr>"
        f"{rows}</table>"
        "<h2>继续 · Go on</h2><ul>"
        '<li><a href="/docs">API 文档 · API reference</a> (<a href="/openapi.json">OpenAPI</a>)</li>'
        '<li><a href="/v1/cities">城市与政策 · cities and their policies</a></li>'
        '<li><a href="/health/ready">就绪检查 · readiness</a></li>'
        '<li><a href="/.well-known/oauth-authorization-server">令牌 · tokens</a></li></ul>'
    )
    return HTMLResponse(page("社工站 · Shegong", body), headers={"cache-control": "no-store"})


def page(title: str, body: str) -> str:
    """Return a whole page: its own style, nothing from elsewhere."""
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def _row(part: str, state: str, missing: list[str]) -> str:
    zh, en = _ABOUT[part]
    say_zh, say_en = _STATES[state]
    lacking = escape(", ".join(missing))
    return (
        f"<tr><td><code>{part}</code></td><td>{zh}<br>{en}</td>"
        f'<td class="{state.replace(" ", "-")}">{say_zh} · {say_en} {lacking}</td></tr>'
    )


async def _state(parts: Parts, part: str) -> tuple[str, list[str]]:
    answer = await parts.glance(part, "/health/ready", [])
    if answer is None:
        return "down", []
    try:
        said = orjson.loads(answer.content)
        state = "ready" if said["status"] == "ready" else "not ready"
        return state, [str(name) for name in said["missing"]]
    except (ValueError, KeyError):
        return "down", []
