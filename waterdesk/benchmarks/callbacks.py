"""How fast intake acknowledges WeChat's callbacks: `waterdesk bench callbacks`.

`waterdesk serve intake` in a process of its own, on an embedded PostgreSQL, receives signed and
encrypted messages at a constant rate from vegeta (https://github.com/tsenart/vegeta), which is not
Python and does not wait for answers before it sends the next.
"""

import asyncio
import base64
import json
import secrets
import shutil
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx

from shared.health import READY
from shared.platform_kit import wechat_xml
from shared.platform_kit.wechat_crypto import MessageCrypto, url_signature
from waterdesk.benchmarks.processes import environment_of
from waterdesk.installation import Installation

_ACCOUNT, _APP_ID, _TOKEN = "gh_benchmark", "wx_benchmark", "benchmark-token"
_AES_KEY = "BenchmarkKey0123456789BenchmarkKey012345678"
_TEXTS = ("马河村三组停水两天了", "水太浑了没法吃 三里镇", "水管漏水流了一路没人管", "水费咋这么贵")
_READY_SECONDS = 60


class VegetaMissing(Exception):
    """There is no vegeta on the PATH; the text says where to get it."""


async def measure(
    installation: Installation, folder: Path, rate: int, seconds: int
) -> dict[str, float]:
    """Requests, answers with 200 and latencies in milliseconds. Raises VegetaMissing."""
    if not (vegeta := shutil.which("vegeta")):
        raise VegetaMissing(
            "没有 vegeta is not installed: go install github.com/tsenart/vegeta/v12@latest"
        )
    async with _intake(installation) as address:
        targets, results = folder / "targets", folder / "results"
        targets.write_text("\n".join(_targets(address, rate * seconds)))
        attack = f"-format=json -targets={targets} -rate={rate} -duration={seconds}s"
        await _run(vegeta, "attack", *attack.split(), f"-output={results}", "-timeout=10s")
        report = json.loads(await _run(vegeta, "report", "-type=json", str(results)))
    latencies = report["latencies"]
    return {
        "requests": report["requests"],
        "acknowledged": report["status_codes"].get("200", 0),
        "p50_ms": round(latencies["50th"] / 1e6, 1),
        "p99_ms": round(latencies["99th"] / 1e6, 1),
        "max_ms": round(latencies["max"] / 1e6, 1),
    }


def _targets(address: str, count: int) -> Iterator[str]:
    """One request a line, each from another person. Signed now: the window is five minutes."""
    crypto = MessageCrypto(_TOKEN, _AES_KEY, _APP_ID)
    now = datetime.now(UTC)
    timestamp = str(int(now.timestamp()))
    for number in range(count):
        text = _TEXTS[number % len(_TEXTS)]
        message = wechat_xml.text_message(_ACCOUNT, f"o{number:027d}", now, text, str(number + 1))
        encrypted, nonce = crypto.encrypt(message), secrets.token_hex(8)
        query = {
            "timestamp": timestamp,
            "nonce": nonce,
            "signature": url_signature(_TOKEN, timestamp, nonce),
            "encrypt_type": "aes",
            "msg_signature": crypto.signature(timestamp, nonce, encrypted),
        }
        body = wechat_xml.encrypted_envelope(_ACCOUNT, encrypted).encode()
        yield json.dumps(
            {
                "method": "POST",
                "url": f"{address}/platforms/wechat/callback?{urlencode(query)}",
                "header": {"Content-Type": ["text/xml"]},
                "body": base64.b64encode(body).decode(),
            }
        )


@asynccontextmanager
async def _intake(installation: Installation) -> AsyncIterator[str]:
    """Serve intake inside the context; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "waterdesk.cli", "serve", "intake"),
        env=environment_of(installation)
        | {
            "WATERDESK_INTAKE_PORT": str(port),
            "WATERDESK_WECHAT_APP_ID": _APP_ID,
            "WATERDESK_WECHAT_TOKEN": _TOKEN,
            "WATERDESK_WECHAT_AES_KEY": _AES_KEY,
            "WATERDESK_LOG_LEVEL": "ERROR",
        },
        stdin=DEVNULL,
    )
    try:
        async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient() as client:
            while not await _is_ready(client, f"{address}{READY}"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        yield address
    finally:
        process.terminate()
        await process.wait()


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.TransportError:
        return False  # not listening yet


async def _run(*command: str) -> bytes:
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stdin=DEVNULL)
    out, _ = await process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return out
