"""Ask a server on this machine one thing over HTTP: light enough for a supervisor's poll."""

import asyncio


async def get(host: str, port: int, path: str, within: float = 2.0) -> tuple[int, bytes]:
    """Return status and body; status 0 while nobody answers."""
    try:
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                ask = f"GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n"
                writer.write(ask.encode())
                head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return 0, b""
    words = head.split(b" ", 2)
    return (int(words[1]), body) if len(words) > 1 and words[1].isdigit() else (0, b"")
