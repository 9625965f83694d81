"""The stub CRM over HTTP: the webhook, live pages, a JSON API and fault switches for tests."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from fastapi import FastAPI, Header, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from desk.webhook import SignatureError, verify

from .ledger import Ledger, NotKept, Received, Refused
from .pages import Pages
from .people import People
from .views import rings, screen

MAX_BODY = 64 * 1024
KEEP_ALIVE = 15.0


class Faults(BaseModel):
    """How the CRM misbehaves. ``error`` answers ``status``; ``slow`` waits ``delay`` seconds first; ``lost`` takes the
    message and then answers 500 (the answer is lost, the message is not); ``down`` breaks the connection off."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["ok", "error", "slow", "lost", "down"] = "ok"
    status: int = Field(503, ge=400, le=599)
    delay: float = Field(30.0, ge=0, le=120)


class Crm:
    """The state of the stub: ledger, faults, refusals, and who watches."""

    def __init__(self, folder: Path, secret: bytes, people: People, clock: Callable[[], float] = time.time) -> None:
        self.ledger = Ledger(folder)
        self.people = people
        self.pages = Pages()
        self.faults = Faults()
        self.duplicates = 0
        self.refused: list[str] = []
        self._secret = secret
        self._clock = clock
        self._accepting = asyncio.Lock()
        self._news = asyncio.Event()

    async def take(self, body: bytes, signature: str, key: str, late: bool) -> Response:
        try:
            verify(self._secret, signature, body, self._clock())
            async with self._accepting:
                received = await run_in_threadpool(self.ledger.accept, body, key, late)
        except SignatureError as error:
            return self._refuse(401, str(error))
        except NotKept as error:
            self._tell_watchers()
            return self._refuse(error.status, str(error))
        except Refused as error:
            return self._refuse(error.status, str(error))
        if received is None:
            self.duplicates += 1
            return JSONResponse({"error": "duplicate"}, 409)
        self._tell_watchers()
        return Response(status_code=204)

    def _tell_watchers(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _refuse(self, status: int, reason: str) -> Response:
        self.refused.append(reason)
        return JSONResponse({"error": reason}, status)

    async def stream(self, render: Callable[[], str]) -> AsyncIterator[str]:
        """Server-sent events: the page's changing part at once, and again whenever it has changed."""
        shown = None
        while True:
            news = self._news
            html = render()
            if html != shown:
                shown = html
                yield "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    await news.wait()
            except TimeoutError:
                yield ": still here\n\n"

    def overview(self) -> str:
        seen = rings(self.ledger.events, self.people)
        agents = sorted({ring.agent for ring in seen})
        return self.pages.overview([screen(agent, seen) for agent in agents], list(reversed(seen))[:12])

    def desk(self, agent: str) -> str:
        return self.pages.desk(screen(agent, rings(self.ledger.events, self.people)))


def create_app(crm: Crm) -> FastAPI:
    app = FastAPI(title="Infolinia: stub CRM", docs_url=None, redoc_url=None, openapi_url=None)
    _webhook(app, crm)
    _screens(app, crm)
    _api(app, crm)
    return app


def _webhook(app: FastAPI, crm: Crm) -> None:
    @app.post("/webhook")
    async def webhook(
        request: Request,
        x_infolinia_signature: Annotated[str, Header()] = "",
        idempotency_key: Annotated[str, Header()] = "",
        x_infolinia_late: Annotated[str, Header()] = "",
    ) -> Response:
        faults = crm.faults
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                return JSONResponse({"error": f"body over {MAX_BODY} bytes"}, 413)
        if faults.mode == "error":
            return JSONResponse({"error": "switched on by /_faults"}, faults.status)
        if faults.mode == "down":
            return StreamingResponse(_broken_off(), headers={"Content-Length": "1"})
        if faults.mode == "slow":
            await asyncio.sleep(faults.delay)
        answer = await crm.take(body, x_infolinia_signature, idempotency_key, x_infolinia_late == "true")
        return Response(status_code=500) if faults.mode == "lost" else answer

    @app.post("/_faults")
    async def switch(faults: Faults) -> Faults:
        crm.faults = faults
        return faults

    @app.get("/_faults")
    async def switched() -> Faults:
        return crm.faults


async def _broken_off() -> AsyncIterator[bytes]:
    """Ends before the byte that the headers promise, so the server drops the connection."""
    return
    yield b""


def _screens(app: FastAPI, crm: Crm) -> None:
    @app.get("/", response_class=HTMLResponse)
    async def overview() -> str:
        return crm.pages.frame("Stanowiska", "/stream", crm.overview())

    @app.get("/agent/{agent}", response_class=HTMLResponse)
    async def desk(agent: str) -> str:
        return crm.pages.frame(f"Stanowisko {agent}", f"/stream/{agent}", crm.desk(agent))

    @app.get("/stream")
    async def overview_stream() -> StreamingResponse:
        return StreamingResponse(crm.stream(crm.overview), media_type="text/event-stream")

    @app.get("/stream/{agent}")
    async def desk_stream(agent: str) -> StreamingResponse:
        return StreamingResponse(crm.stream(lambda: crm.desk(agent)), media_type="text/event-stream")


def _api(app: FastAPI, crm: Crm) -> None:
    @app.get("/api/health")
    async def health() -> dict[str, Any]:
        return {
            "events": len(crm.ledger.events),
            "duplicates": crm.duplicates,
            "refused": crm.refused[-20:],
            "out_of_order": sum(received.out_of_order for received in crm.ledger.events),
        }

    @app.get("/api/events")
    async def events(call: str = "") -> list[dict[str, Any]]:
        return [_event(received) for received in crm.ledger.events if call in ("", received.envelope.call)]

    @app.get("/api/popups")
    async def popups(call: str = "") -> Response:
        seen = [ring for ring in rings(crm.ledger.events, crm.people) if ring.session and call in ("", ring.call)]
        plain = [
            msgspec.to_builtins(ring, enc_hook=lambda person: person.model_dump(mode="json", exclude={"contacts"}))
            for ring in seen
        ]
        return JSONResponse(plain)


def _event(received: Received) -> dict[str, Any]:
    message: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(received.envelope))
    return {
        **message,
        "received": received.received,
        "late": received.late,
        "out_of_order": received.out_of_order,
    }
