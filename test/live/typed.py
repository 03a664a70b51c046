"""Values of Python in the typed JSON of the vector files (scripts/vectors/notation.ts), so that types survive the way."""

from base64 import b64decode, b64encode
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from markupsafe import Markup

EXACT = 2**53 - 1


def to_typed(value):
    """Exactly: an unknown type or a subclass is an error."""
    kind = type(value)
    if kind is int and abs(value) > EXACT:
        return {"$int": str(value)}
    if kind in WRITERS:
        return WRITERS[kind](value)
    raise TypeError(f"no notation for {kind}")


def same(value):
    return value


WRITERS = {
    type(None): same,
    bool: same,
    int: same,
    str: same,
    float: lambda value: {"$float": repr(value)},
    bytes: lambda value: {"$bytes": b64encode(value).decode()},
    Markup: lambda value: {"$markup": str(value)},
    UUID: lambda value: {"$uuid": str(value)},
    datetime: lambda value: {"$datetime": value.isoformat()},
    list: lambda value: [to_typed(item) for item in value],
    tuple: lambda value: {"$tuple": [to_typed(item) for item in value]},
    dict: lambda value: {"$dict": [[to_typed(key), to_typed(item)] for key, item in value.items()]},
}


def from_typed(value):
    if isinstance(value, list):
        return [from_typed(item) for item in value]
    if not isinstance(value, dict):
        return value
    [tag, *more] = value or [""]
    if more or tag not in READERS:
        return {key: from_typed(item) for key, item in value.items()}
    return READERS[tag](value[tag])


READERS = {
    "$int": int,
    "$float": float,
    "$bytes": b64decode,
    "$markup": Markup,
    "$uuid": UUID,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$time": time.fromisoformat,
    "$timedelta": lambda seconds: timedelta(seconds=seconds),
    "$decimal": Decimal,
    "$tuple": lambda items: tuple(from_typed(items)),
    "$set": lambda items: set(from_typed(items)),
    "$dict": lambda pairs: {from_typed(key): from_typed(item) for key, item in pairs},
}
