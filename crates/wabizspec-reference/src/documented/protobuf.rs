//! As much of protobuf as certificates need: numbers, and bytes with their length.

/// What a field holds.
pub(crate) enum Value<'m> {
    Number(u64),
    /// A text, bytes, or a message.
    Bytes(&'m [u8]),
    /// A number of fixed width; certificates have none.
    Fixed,
}

/// The fields of a message in their order, each with its number.
pub(crate) fn fields(mut message: &[u8]) -> Result<Vec<(u64, Value<'_>)>, &'static str> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = number(&mut message)?;
        let value = match key & 7 {
            0 => Value::Number(number(&mut message)?),
            1 => take(&mut message, 8).map(|_| Value::Fixed)?,
            2 => {
                let length = number(&mut message)?;
                Value::Bytes(take(&mut message, length)?)
            }
            5 => take(&mut message, 4).map(|_| Value::Fixed)?,
            _ => return Err("a field of an unknown type"),
        };
        if !(1..1 << 29).contains(&(key >> 3)) {
            return Err("a field without a number");
        }
        found.push((key >> 3, value));
    }
    Ok(found)
}

/// Takes seven bits of each byte, the lowest first; a byte below 128 is the last one.
fn number(message: &mut &[u8]) -> Result<u64, &'static str> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(message, 1)?[0];
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            break;
        }
        number |= bits << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err("a number of more than 64 bits")
}

fn take<'m>(message: &mut &'m [u8], length: u64) -> Result<&'m [u8], &'static str> {
    let parts = usize::try_from(length).ok().and_then(|length| message.split_at_checked(length));
    let (taken, rest) = parts.ok_or("it ends in the middle of a field")?;
    *message = rest;
    Ok(taken)
}

/// Appends a field that is a number.
pub(crate) fn put_number(message: &mut Vec<u8>, field: u8, number: u64) {
    message.push(field << 3);
    put_varint(message, number);
}

/// Appends a field that is a text, bytes or a message.
pub(crate) fn put_bytes(message: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    message.push((field << 3) + 2);
    put_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

fn put_varint(message: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        message.push(number as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_at_most_64_bits() {
        for (written, read) in [
            (&[0x08, 0x00][..], Some(0)),
            (&[0x08, 0xff, 0x01], Some(255)),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Some(u64::MAX)),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], None),
            (&[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], None),
            (&[0x08, 0x80], None),
        ] {
            let number = fields(written).ok().map(|fields| match fields[..] {
                [(1, Value::Number(number))] => number,
                _ => panic!("{written:x?} is one field"),
            });
            assert_eq!(number, read, "{written:x?}");
        }
    }

    #[test]
    fn what_is_written_is_as_short_as_can_be() {
        let mut message = Vec::new();
        put_number(&mut message, 1, 127);
        put_number(&mut message, 1, 128);
        put_bytes(&mut message, 2, b"ab");
        assert_eq!(message, *b"\x08\x7f\x08\x80\x01\x12\x02ab");
    }

    #[test]
    fn a_field_has_a_number_a_known_type_and_all_its_bytes() {
        let count = |message: &[u8]| fields(message).map(|fields| fields.len());
        assert_eq!(count(&[0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x0d, 0, 0, 0, 0, 0x12, 0x01, 0x00]), Ok(3));
        for wrong in [&[0x00, 0x00][..], &[0x02, 0x00], &[0x0b], &[0x0c], &[0x0e], &[0x0f], &[0x0a, 2, 0], &[0x0d, 0]] {
            assert!(count(wrong).is_err(), "{wrong:x?}");
        }
        assert!(count(&[0x80, 0x80, 0x80, 0x80, 0x10, 0]).is_err(), "a field number of more than 29 bits");
    }
}
