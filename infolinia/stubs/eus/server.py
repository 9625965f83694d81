"""The stub's two faces: the service of the contract, and a page that does to a telePIN what e-US lets its owner do."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from .accounts import Accounts, Caller, Mandate

PATH = "/v1/telepin/verifications"
MANDATES = "/v1/telepin/mandates"
STATUS = {"active": "aktywny", "blocked": "zablokowany", "inactive": "nieaktywny", "unset": "nieustawiony"}
DONE = {
    "ustaw": "telePIN ustawiony i aktywny.",
    "usun": "telePIN usunięty.",
    "odbierz": "pełnomocnictwo odebrane.",
    "przywroc": "pełnomocnictwo przywrócone.",
}
_FORM_BYTES = 4096


class Question(BaseModel):
    """A request of the contract. Numbers and the telePIN are secret here too."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    request_id: Annotated[str, Field(min_length=1, max_length=128)]
    kind: Literal["pesel", "nip"]
    number: SecretStr
    telepin: SecretStr
    match_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    leave: Annotated[int, Field(ge=0, le=9, strict=True)]

    @model_validator(mode="after")
    def _digits(self) -> "Question":
        digits = {"pesel": 11, "nip": 10}[self.kind]
        for secret, length in ((self.number, digits), (self.telepin, 6)):
            text = secret.get_secret_value()
            if len(text) != length or not (text.isascii() and text.isdigit()):
                raise ValueError("wrong number of digits")
        return self


class MandateQuestion(BaseModel):
    """A question of the contract about a mandate: no secret is in it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    request_id: Annotated[str, Field(min_length=1, max_length=128)]
    verification: Annotated[str, Field(min_length=1, max_length=128)]
    principal: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Fault(BaseModel):
    """What the stub does wrong from now on; ``delay`` in seconds belongs to ``slow``."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["none", "slow", "down", "garbage", "other-person"] = "none"
    delay: float = Field(5.0, ge=0, le=60)


def build(accounts: Accounts, today: Callable[[], date] = date.today) -> FastAPI:
    """The stub as an ASGI application."""
    app = FastAPI(title="e-US stub", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.fault = Fault()
    _service(app, accounts, today)
    _page(app, accounts, today)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, _error: RequestValidationError) -> JSONResponse:
        # The framework's own answer quotes the input, telePIN included.
        return JSONResponse({"error": "request against the contract"}, 422)

    @app.get("/_faults")
    async def _fault() -> Fault:
        return _current(app)

    @app.post("/_faults")
    async def _set_fault(fault: Fault) -> Fault:
        app.state.fault = fault
        return fault

    return app


def _current(app: FastAPI) -> Fault:
    fault = app.state.fault
    assert isinstance(fault, Fault)
    return fault


def _service(app: FastAPI, accounts: Accounts, today: Callable[[], date]) -> None:
    @app.middleware("http")
    async def _faulty(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        fault = _current(app)
        if request.url.path not in (PATH, MANDATES):
            return await proceed(request)
        if fault.mode == "slow":
            await asyncio.sleep(fault.delay)
        if fault.mode == "down":
            return JSONResponse({"error": "unavailable"}, 503)
        if fault.mode == "garbage":
            return Response(b'{"verdict": "ok", "person": ', media_type="application/json")
        return await proceed(request)

    @app.post(PATH)
    def _verify(question: Question) -> dict[str, Any]:
        number = question.number.get_secret_value()
        caller = accounts.verify(number, question.telepin.get_secret_value(), today(), question.leave)
        if caller is not None:
            accounts.remember(question.request_id, caller)
        if _current(app).mode == "other-person":
            caller = next(one for one in accounts.callers.values() if one is not caller)
            number = caller.pesel
        return _answer(question, number, caller, accounts.mandates(caller, today()) if caller else ())

    @app.post(MANDATES, response_model=None)
    def _mandate(question: MandateQuestion) -> dict[str, Any] | JSONResponse:
        caller = accounts.verified(question.verification)
        if caller is None:
            return JSONResponse({"error": "no such verification"}, 404)
        principal = question.principal if _current(app).mode != "other-person" else "moc-inny"
        mandates = accounts.mandates(caller, today())
        holds = any(one.party.id == question.principal and one.holds(today()) for one in mandates)
        return {"request_id": question.request_id, "principal": principal, "holds": holds}


def _answer(question: Question, number: str, caller: Caller | None, mandates: tuple[Mandate, ...]) -> dict[str, Any]:
    key = bytes.fromhex(question.match_key)

    def token(of: str) -> str:
        return hmac.new(key, of.encode(), "sha256").hexdigest()

    return {
        "request_id": question.request_id,
        "verdict": "ok" if caller else "refused",
        "subject": token(number),
        "person": {"ref": caller.id, "label": caller.name} if caller else None,
        "office": caller.office if caller else None,
        "principals": [
            {
                "ref": mandate.party.id,
                "label": mandate.party.name,
                "basis": mandate.basis,
                "valid_from": mandate.first,
                "valid_to": mandate.last,
                "numbers": [token(of) for of in mandate.party.numbers],
                "place": mandate.party.place,
            }
            for mandate in mandates
        ],
    }


def _page(app: FastAPI, accounts: Accounts, today: Callable[[], date]) -> None:
    templates = Jinja2Templates(Path(__file__).with_name("templates"))

    def show(request: Request, message: str = "", status: int = 200) -> HTMLResponse:
        known = {
            "states": accounts.states(),
            "counts": accounts.statistics(),
            "names": STATUS,
            "today": today(),
            "message": message,
            "done": DONE.get(request.query_params.get("ok", "")) if not message else None,
            "who": accounts.callers.get(request.query_params.get("konto", "")),
        }
        return templates.TemplateResponse(request, "konta.html", known, status_code=status)

    def changed(caller: str, act: str) -> Response:
        return RedirectResponse(f"/?ok={act}&konto={caller}#{caller}", 303)

    @app.get("/")
    def _accounts(request: Request) -> HTMLResponse:
        return show(request)

    @app.get("/statystyka")
    def _statistics() -> dict[str, int]:
        return accounts.statistics()

    @app.post("/konta/{caller}/{act}")
    async def _change(request: Request, caller: str, act: Literal["ustaw", "usun"]) -> Response:
        if caller not in accounts.callers:
            return show(request, f"Nie ma konta {caller}.", 404)
        body = await request.body()
        if len(body) > _FORM_BYTES:
            return show(request, "Formularz jest za długi.", 413)
        try:
            if act == "ustaw":
                telepin = parse_qs(body.decode("utf-8", "replace")).get("telepin", [""])[0]
                await asyncio.to_thread(accounts.set_telepin, caller, telepin)
            else:
                accounts.delete_telepin(caller)
        except ValueError as error:
            return show(request, f"{accounts.callers[caller].name}: {error}.", 422)
        return changed(caller, act)

    @app.post("/konta/{caller}/uprawnienia/{party}/{act}")
    async def _mandates(request: Request, caller: str, party: str, act: Literal["odbierz", "przywroc"]) -> Response:
        if caller not in accounts.callers:
            return show(request, f"Nie ma konta {caller}.", 404)
        try:
            accounts.withdraw(caller, party, back=act == "przywroc")
        except KeyError:
            return show(request, f"{accounts.callers[caller].name} nie działa w imieniu {party}.", 404)
        return changed(caller, act)
