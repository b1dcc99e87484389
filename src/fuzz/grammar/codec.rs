//! Letters and text: how choices are written in front of an input.

use super::INPUT_BYTES;

/// Something that is chosen by a letter. `a` is the first and plainest.
pub trait Choice: Copy + PartialEq + 'static {
    /// All choices, in the order of their letters; at most 26, at least one.
    const ALL: &'static [Self];

    fn of(letter: u8) -> Self {
        // Counted from `a`, so that a hand-written letter means what it says and every byte means something.
        Self::ALL[usize::from(letter.wrapping_sub(b'a')) % Self::ALL.len()]
    }

    fn letter(self) -> u8 {
        let index = Self::ALL.iter().position(|choice| *choice == self).unwrap_or(0);
        b'a' + u8::try_from(index).unwrap_or(0)
    }
}

/// An input as `N` letters and a text; every input can be read.
pub fn split<const N: usize>(input: &[u8]) -> ([u8; N], &[u8]) {
    let input = &input[..input.len().min(INPUT_BYTES)];
    let (prefix, text) = input.split_at(input.len().min(N));
    let mut letters = [b'a'; N];
    letters[..prefix.len()].copy_from_slice(prefix);
    (letters, text)
}

/// An input is its own `Arbitrary` form: the bytes are decoded as they are.
macro_rules! arbitrary_decodes {
    ($name:ty) => {
        impl<'a> arbitrary::Arbitrary<'a> for $name {
            fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
                let length = u.len();
                Ok(<$name>::decode(u.bytes(length)?))
            }
        }
    };
}

/// Writes an enum of choices in the order of their letters, unless there are none; with a type, also what each writes.
macro_rules! choices {
    ($(#[$meta:meta])* $name:ident {}) => {};
    ($(#[$meta:meta])* $name:ident { $($variant:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($variant,)*
        }

        impl $crate::fuzz::grammar::codec::Choice for $name {
            const ALL: &'static [Self] = &[$($name::$variant,)*];
        }
    };
    ($(#[$meta:meta])* $name:ident as $written:ty { $($variant:ident = $value:expr),* $(,)? }) => {
        $crate::fuzz::grammar::codec::choices! { $(#[$meta])* $name { $($variant,)* } }

        impl $name {
            /// A table, so that nothing branches on what a fuzzer chose.
            const WRITTEN: [$written; <Self as $crate::fuzz::grammar::codec::Choice>::ALL.len()] = [$($value,)*];

            pub fn written(self) -> $written {
                Self::WRITTEN[self as usize]
            }
        }
    };
}

/// Writes an input of choices and text, the enums of its choices, and its `Arbitrary`, `decode` and `encode`:
/// `grammar!(Name { field: Choice { A, B }, … })`, the fields in the order of their letters, then the text.
macro_rules! grammar {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$doc:meta])* $field:ident: $choice:ident $(as $written:ty)? { $($choices:tt)* },)*
    }) => {
        $($crate::fuzz::grammar::codec::choices! { $(#[$doc])* $choice $(as $written)? { $($choices)* } })*

        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name<'a> {
            $(pub(crate) $field: $choice,)*
            /// The literal text after the letters.
            pub(crate) text: std::borrow::Cow<'a, [u8]>,
        }

        impl<'a> $name<'a> {
            /// Reads an input; every input can be read.
            pub fn decode(input: &'a [u8]) -> Self {
                let ([$($field),*], text) = $crate::fuzz::grammar::codec::split(input);
                $name {
                    $($field: <$choice as $crate::fuzz::grammar::codec::Choice>::of($field),)*
                    text: text.into(),
                }
            }

            /// The input that is read as this: the inverse of `decode`.
            #[allow(dead_code, reason = "certificates are written by tests only")]
            pub(crate) fn encode(&self) -> Vec<u8> {
                [&[$($crate::fuzz::grammar::codec::Choice::letter(self.$field)),*][..], &self.text].concat()
            }
        }

        $crate::fuzz::grammar::codec::arbitrary_decodes!($name<'a>);
    };
}

pub(super) use {arbitrary_decodes, choices, grammar};
