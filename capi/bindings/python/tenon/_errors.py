"""A failed call as an exception, with what the library says about it."""

import ctypes as c
import json

from . import _structs as s
from ._library import lib, lent_text


class Error(Exception):
    """A request that failed. str(error) is the whole report for a person; the parts are there too.

    code     the name: "INVALID_ARGUMENT"; number: its number in tenon/base.h
    message  what was expected and what came
    where    a dict with what is known of: file, line, column, node, operand (or attribute), plugin
    advice   one sentence that someone can act on, or ""
    domain   "core", a plugin's name and version, or "python": this package
    payload  a dict of what else is known; cause: the Error behind this one, or None
    """

    def __init__(
        self, code, message, *, where=None, advice="", domain="python", number=s.INVALID_ARGUMENT, payload=None, cause=None, report=None
    ):
        super().__init__(report or f"error: {code}: {message}" + (f"\n  advice: {advice}" if advice else ""))
        self.code, self.number, self.message, self.where, self.advice = code, number, message, where or {}, advice
        self.domain, self.payload, self.cause = domain, payload or {}, cause
        self.__cause__ = cause


class UnknownOperator(Error, AttributeError):
    """graph.NAME where no plugin has an operator of that name. An AttributeError as well, so that hasattr and getattr work."""


def invalid(message, advice="", **where):
    return Error("INVALID_ARGUMENT", message, advice=advice, where=where)


def use_after_close(what):
    return Error(
        "FAILED_PRECONDITION", f"the {what} is closed", advice=f"make a new {what}, or close this one later", number=s.FAILED_PRECONDITION
    )


def _from_json(entry, report, kind):
    cause = _from_json(entry["cause"], None, Error) if "cause" in entry else None
    return kind(
        entry["code"],
        entry["message"],
        where=entry["where"],
        advice=entry["advice"],
        domain=entry.get("domain", "core"),
        number=entry.get("number", 0),
        payload=entry.get("payload"),
        cause=cause,
        report=report,
    )


def failure(code, pointer, kind=Error):
    """The exception for a tenon_error, which is released."""
    if not pointer:
        return kind(lib.tenon_code_name(code).decode(), "the library gave no reason", number=code, domain="core")
    try:
        entry = json.loads(lent_text(lib.tenon_error_get_json, pointer))["error"]
        entry.setdefault("number", code)
        return _from_json(entry, lent_text(lib.tenon_error_get_report, pointer), kind)
    finally:
        lib.tenon_error_release(pointer)


def call(function, *arguments, kind=Error):
    """Calls a function that returns a code and takes the error last; raises what it reports."""
    error = c.c_void_p()
    code = function(*arguments, c.byref(error))
    if code != s.OK:
        raise failure(code, error, kind)


def call_out(function, *arguments, after=(), kind=Error):
    """The same for a function that makes an object; after: what it takes behind the place for that."""
    out = c.c_void_p()
    call(function, *arguments, c.byref(out), *after, kind=kind)
    return out


def call_text(function, *arguments, after=(), kind=Error):
    """The same for a function that makes a blob of text."""
    blob = call_out(function, *arguments, after=after, kind=kind)
    try:
        return lent_text(lib.tenon_blob_get_data, blob)
    finally:
        lib.tenon_blob_release(blob)


def call_json(function, *arguments, after=(), kind=Error):
    return json.loads(call_text(function, *arguments, after=after, kind=kind))
