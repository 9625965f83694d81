import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from desk.alarms import Alarms


def counted(kind: str) -> float:
    return REGISTRY.get_sample_value("infolinia_alarms_total", {"kind": kind}) or 0.0


def test_an_alarm_is_logged_and_counted_and_alike_ones_are_held_back() -> None:
    now = [0.0]
    alarms = Alarms(quiet=60.0, monotonic=lambda: now[0])
    before = counted("crm-down")
    with capture_logs() as logs:
        for _ in range(5):
            alarms("crm-down", "CRM: HTTP 503")
        alarms("other", "x")
        now[0] = 61.0
        alarms("crm-down", "CRM: HTTP 503")
    assert counted("crm-down") == before + 6
    assert [(entry["kind"], entry["silenced"]) for entry in logs] == [("crm-down", 0), ("other", 0), ("crm-down", 4)]


def test_a_long_run_of_digits_never_leaves_in_an_alarm() -> None:
    with capture_logs() as logs:
        Alarms()("leak", "numer 85831410110 w polu")
    assert logs[0]["text"] == "numer [cyfry] w polu"


def test_a_command_gets_kind_and_text_without_a_shell(tmp_path: Path) -> None:
    told = tmp_path / "told"
    script = tmp_path / "tell"
    script.write_text(f'#!/bin/sh\nprintf "%s|%s" "$1" "$2" > {told}\n')
    script.chmod(0o755)
    alarms = Alarms(command=str(script))
    alarms("disk", 'full $(touch /tmp/never) "')
    alarms.flush()
    assert told.read_text() == 'disk|full $(touch /tmp/never) "'


def test_a_command_that_is_missing_or_fails_or_hangs_is_said_in_the_log() -> None:
    with capture_logs() as logs:
        for command in ("/nonexistent/tell", "false", "sleep 60"):
            alarms = Alarms(command=command, limit=0.2)
            alarms("disk", "10")
            alarms.flush()
    failures = [entry for entry in logs if entry["event"] == "alarm_command_failed"]
    assert [entry["command"] for entry in failures] == ["/nonexistent/tell", "false", "sleep"]


def test_a_webhook_gets_the_alarm_as_json() -> None:
    got: list[dict[str, object]] = []

    class Office(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Office)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    alarms = Alarms(webhook=f"http://127.0.0.1:{server.server_port}/")
    alarms("disk", "pełny")
    alarms.flush()
    server.shutdown()
    server.server_close()
    assert [(alarm["kind"], alarm["text"], alarm["silenced"]) for alarm in got] == [("disk", "pełny", 0)]


def test_a_dead_webhook_holds_nobody_up() -> None:
    with capture_logs() as logs:
        alarms = Alarms(webhook="http://127.0.0.1:9/", limit=1.0)
        alarms("disk", "pełny")
        alarms.flush()
    assert [entry["event"] for entry in logs] == ["alarm", "alarm_webhook_failed"]
