"""Attributes: Python values as tenon_attr. The operator's schema, in the library, decides what each must be; here only the kind is
named."""

import ctypes as c

import numpy as np

from . import _structs as s
from ._errors import invalid
from ._types import dtype_name


def attribute_array(attributes):
    """A C array of attributes and its length. What the structs point to is kept alive by the array."""
    made = [_attribute(name, value) for name, value in attributes.items() if value is not None]
    array = (s.Attr * len(made))(*made)
    array.keep = made
    return array, len(made)


def _named(name):
    attribute = s.Attr()
    text = str(name).encode()
    attribute.name, attribute.name_length = text, len(text)
    return attribute


def _attribute(name, value):
    attribute = _named(name)
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, bool):
        attribute.kind, attribute.i64 = s.ATTR_BOOL, value
    elif isinstance(value, int):
        attribute.kind, attribute.i64 = s.ATTR_I64, _int64(name, value)
    elif isinstance(value, float):
        attribute.kind, attribute.f64 = s.ATTR_F64, value
    elif isinstance(value, str):
        text = value.encode()
        attribute.kind, attribute.text, attribute.count = s.ATTR_STRING, text, len(text)
    elif isinstance(value, dict):
        items, count = attribute_array(value)
        attribute.kind, attribute.items, attribute.count = s.ATTR_DICT, items, count
        attribute.keep = items
    elif isinstance(value, (list, tuple)):
        _list(attribute, name, list(value))
    elif isinstance(value, (type, np.dtype)):  # numpy.float32, where an attribute is a dtype
        return _attribute(name, dtype_name(value))
    else:
        raise invalid(
            f"attribute {name}: {value!r} is no attribute's value",
            "give a bool, int, float, str, dtype, or a list of one kind",
            operand=str(name),
        )
    return attribute


def _list(attribute, name, values):
    values = [v.item() if isinstance(v, np.generic) else v for v in values]
    attribute.count = len(values)
    if values and all(isinstance(v, str) for v in values):
        items = (s.Attr * len(values))(*[_attribute("", v) for v in values])
        attribute.kind, attribute.items = s.ATTR_STRINGS, items
    elif values and all(isinstance(v, bool) for v in values):
        attribute.kind, attribute.i64s = s.ATTR_BOOLS, (c.c_int64 * len(values))(*values)
    elif all(isinstance(v, int) and not isinstance(v, bool) for v in values):
        attribute.kind, attribute.i64s = s.ATTR_I64S, (c.c_int64 * len(values))(*[_int64(name, v) for v in values])
    elif all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        attribute.kind, attribute.f64s = s.ATTR_F64S, (c.c_double * len(values))(*values)
    else:
        raise invalid(
            f"attribute {name}: {values!r} is no list of one kind", "give all numbers, all texts or all booleans", operand=str(name)
        )


def _int64(name, value):
    if not -(2**63) <= value < 2**63:
        raise invalid(f"attribute {name}: {value} does not fit into 64 bits", operand=str(name))
    return value
