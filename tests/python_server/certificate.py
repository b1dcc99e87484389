"""The verified name in a certificate: protobuf, read field by field.

`BizAccountPayload {1: VerifiedNameCertificate}`, `VerifiedNameCertificate {1: Details}`, `Details {1: serial (varint),
4: verifiedName}`. The outer message may be left out, which shows in field 1 of what is then the second level.
"""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(data, at):
    value = shift = 0
    while True:
        if shift > 63:
            raise ValueError("a varint without end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """All fields of a message, as number: (wire type, value); the last of several counts."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise ValueError("no field has the number 0")
        if kind == VARINT:
            value, at = varint(data, at)
        elif kind in (FIXED64, BYTES, FIXED32):
            size = 8 if kind == FIXED64 else 4
            if kind == BYTES:
                size, at = varint(data, at)
            value, at = data[at : at + size], at + size
            if at > len(data):
                raise ValueError("a field that is cut off")
        else:
            raise ValueError(f"wire type {kind}")
        found[number] = (kind, value)
    return found


def nested(message, number):
    kind, value = message.get(number, (None, None))
    if kind != BYTES:
        raise ValueError(f"field {number} holds no message")
    return fields(value)


def verified_name(data):
    """The name, or a ValueError or IndexError where there is none to read."""
    inner = nested(fields(data), 1)
    # In the bare form this is Details already: its field 1 is the serial, and it has the name.
    details = inner if 4 in inner and inner.get(1, (VARINT, 0))[0] == VARINT else nested(inner, 1)
    kind, name = details.get(4, (None, b""))
    if kind != BYTES or not name:
        raise ValueError("no name")
    return name.decode()
