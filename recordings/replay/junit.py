"""Verdicts as JUnit XML, for the systems that run checks: a refusal is an error, a known fault is skipped, what an
interrupted run did not judge is an error in a suite of its own."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from .verdict import Result
from .wording import MOMENTS


def junit(results: Sequence[Result], left: Sequence[str] = ()) -> bytes:
    """One test suite a depth, one test case a fixture; ``left`` names those that were not judged."""
    suites = Element("testsuites", name="infolinia replay")
    for depth in dict.fromkeys(result.depth for result in results):
        of_depth = [result for result in results if result.depth == depth]
        counts = {kind: str(sum(result.verdict == kind for result in of_depth)) for kind in ("fail", "refuse", "known")}
        suite = SubElement(suites, "testsuite", name=depth, tests=str(len(of_depth)), failures=counts["fail"])
        suite.set("errors", counts["refuse"])
        suite.set("skipped", counts["known"])
        for result in of_depth:
            _case(suite, result)
    if left:
        suite = SubElement(suites, "testsuite", name="interrupted", tests=str(len(left)), errors=str(len(left)))
        for name in left:
            case = SubElement(suite, "testcase", classname="replay.interrupted", name=name)
            SubElement(case, "error", message="przerwano, zanim odtworzono to nagranie")
    indent(suites)
    text: str = tostring(suites, encoding="unicode")
    return f"<?xml version='1.0' encoding='utf-8'?>\n{text}\n".encode()


def _case(suite: Element, result: Result) -> None:
    case = SubElement(suite, "testcase", classname=f"replay.{result.depth}", name=result.name, file=result.path)
    if result.verdict == "pass":
        return
    kind = {"fail": "failure", "refuse": "error", "known": "skipped"}[result.verdict]
    found = SubElement(case, kind, message=result.why)
    found.text = "\n".join(told(result))


def told(result: Result) -> list[str]:
    """The first divergence and the ten seconds around it, line by line, in Polish."""
    parted = result.divergence
    if parted is None:
        return [result.why] if result.why else []
    where = f"fixture.yaml:{parted.line}: " if parted.line else ""
    lines = [f"{where}tura {parted.turn}, {parted.at:.1f} s: {parted.message}"]
    for moment in parted.around:
        mark = ">" if abs(moment.at - parted.at) < 0.005 else " "
        what = MOMENTS.get(moment.what, moment.what)
        lines.append(f"{mark} {moment.at:7.1f} s  {WHO[moment.who]:<10} {what} {moment.text}".rstrip())
    return lines


WHO = {"caller": "dzwoniący", "bot": "automat", "core": "decyzja", "world": "świat"}
