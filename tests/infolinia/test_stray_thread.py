"""Work that nobody waits for at the end: what it does and raises arrives, and it holds no process up."""

import subprocess
import sys

import pytest

from infolinia.stray_thread import to_stray_thread

pytestmark = pytest.mark.anyio
ENDLESS = """
import asyncio, time
from infolinia.stray_thread import to_stray_thread

async def main():
    task = asyncio.create_task(to_stray_thread(lambda: time.sleep(3600)))
    await asyncio.sleep(0.1)
    task.cancel()

asyncio.run(main())
print("over")
"""


async def test_it_is_done_beside_and_awaited() -> None:
    done: list[int] = []
    await to_stray_thread(lambda: done.append(1))
    assert done == [1]


async def test_its_fault_is_raised() -> None:
    def fail() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        await to_stray_thread(fail)


def test_a_process_ends_without_waiting_for_it() -> None:
    done = subprocess.run([sys.executable, "-c", ENDLESS], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "over\n"
