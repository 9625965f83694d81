"""Every number from 0 to a million, said and read back: all must be equal.

.venv/bin/python tools/bench_numbers.py            # about a minute
.venv/bin/python tools/bench_numbers.py --to 1000
"""

import argparse
import json
import time
from pathlib import Path

from voicebot import polish
from voicebot.spoken_numbers import read_cardinal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    began = time.perf_counter()
    wrong = []
    for number in range(options.to + 1):
        if read_cardinal(polish.cardinal(number)) != number:
            wrong.append(number)
        if number % 100_000 == 0:
            print(f"{number} of {options.to}", flush=True)
    found = {
        "numbers": options.to + 1,
        "wrong": len(wrong),
        "first_wrong": wrong[:10],
        "seconds": round(time.perf_counter() - began, 1),
    }
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found))
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
