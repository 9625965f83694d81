"""Work beside the event loop that the end of the process does not wait for."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future


async def to_stray_thread(work: Callable[[], None]) -> None:
    """As ``asyncio.to_thread``, but who is told to stop meanwhile does not wait for ``work``: it dies with the process.
    So it must leave nothing half made: files are written beside their place and renamed into it."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            work()
        except Exception as error:  # raised where the work is awaited
            future.set_exception(error)
        else:
            future.set_result(None)

    threading.Thread(target=run, name="stray", daemon=True).start()
    await asyncio.wrap_future(future)
