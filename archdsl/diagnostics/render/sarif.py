"""Findings as SARIF 2.1.0, for code scanning services.

Paths are relative to the root of the repository, columns are code points and say so. A run that came to an early
end is a document too: without results, and not successful.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.diagnostics.escape import escape
from archdsl.diagnostics.render.fingerprint import fingerprints
from archdsl.diagnostics.render.json import dump
from archdsl.diagnostics.render.plain import headline, remarks
from archdsl.diagnostics.render.run import Run, range_of
from archdsl.source.span import Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
FINGERPRINT = "archdslFinding/v1"


def render_sarif(run: Run, page: Callable[[str], str]) -> str:
    """The document; ``page`` gives the Markdown that explains a code, or nothing."""
    codes = sorted({finding.code for finding in run.findings})
    pairs = zip(run.findings, fingerprints(run), strict=True)
    driver: dict[str, Any] = {"name": "archdsl", "rules": [_rule(code, page(code)) for code in codes]}
    if run.version:
        driver["semanticVersion"] = run.version
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [_invocation(run)],
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
                "results": [_result(finding, name, codes.index(finding.code), run) for finding, name in pairs],
            }
        ],
    }
    return dump(document) + "\n"


def _rule(code: str, page: str) -> dict[str, Any]:
    known = CODES[code]
    return {
        "id": known.id,
        "name": known.slug,
        "shortDescription": {"text": known.summary},
        "fullDescription": {"text": known.summary},
        "help": {"text": page or known.summary, "markdown": page or known.summary},
        "defaultConfiguration": {"level": known.severity},
    }


def _invocation(run: Run) -> dict[str, Any]:
    invocation: dict[str, Any] = {"executionSuccessful": run.exit_code != 2, "exitCode": run.exit_code}
    if run.failure is not None:
        text = "\n".join(escape(line) for line in run.failure.split("\n"))
        invocation["toolExecutionNotifications"] = [{"level": "error", "message": {"text": text}}]
    return invocation


def _result(finding: Diagnostic, fingerprint: str, rule: int, run: Run) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": CODES[finding.code].severity,
        "message": _message("\n".join([headline(finding), *remarks(finding, run)])),
        "locations": [_location(finding.span, run)],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }
    if finding.labels:
        result["relatedLocations"] = [
            _location(label.span, run, label.text, number) for number, label in enumerate(finding.labels, 1)
        ]
    if finding.trace:
        frames = [_location(frame.span, run, f"{frame.block}({frame.arguments})") for frame in finding.trace]
        stack = {"message": {"text": "Applied at"}, "frames": [{"location": frame} for frame in frames]}
        result["stacks"] = [stack]
    if finding.help is not None and finding.help.edits:
        result["fixes"] = [_fix(finding.help, run)]
    return result


def _fix(help: Help, run: Run) -> dict[str, Any]:
    changes: dict[str, dict[str, Any]] = {}
    for edit in help.edits:
        place = _location(edit.span, run)["physicalLocation"]
        change = changes.setdefault(edit.span.path, {"artifactLocation": place["artifactLocation"], "replacements": []})
        change["replacements"].append({"deletedRegion": place["region"], "insertedContent": {"text": edit.text}})
    return {"description": _message(escape(help.text)), "artifactChanges": list(changes.values())}


def _location(span: Span, run: Run, text: str | None = None, number: int | None = None) -> dict[str, Any]:
    where = range_of(span, run.sources)
    location: dict[str, Any] = {} if number is None else {"id": number}
    location["physicalLocation"] = {
        "artifactLocation": {"uri": uri_of(run.in_repository(span.path)), "uriBaseId": ROOT},
        "region": {
            "startLine": where.line,
            "startColumn": where.column,
            "endLine": where.end_line,
            "endColumn": where.end_column,
        },
    }
    if text is not None:
        location["message"] = _message(escape(text))
    return location


def uri_of(path: str) -> str:
    """A relative path as a relative URI reference: nothing in it can be a scheme, a query or a host."""
    relative = path.lstrip("/") or "."
    return quote(relative.encode("utf-8", "surrogateescape"), safe="/")


def _message(text: str) -> dict[str, str]:
    # In a SARIF message `[text](target)` is a link: a user's text must not become one.
    return {"text": text.replace("](", "]\\x28")}
