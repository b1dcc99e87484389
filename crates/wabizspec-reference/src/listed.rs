//! Enums that list their variants.
//!
//! A table over the variants of an enum asks for the list here, so that no second list can be forgotten.

/// Declares an enum whose `ALL` holds every variant in the order of declaration.
macro_rules! listed {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$note:meta])* $variant:ident $(= $number:literal)?,)*
        }
    ) => {
        $(#[$attribute])*
        $visibility enum $name {
            $($(#[$note])* $variant $(= $number)?,)*
        }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: [$name; [$($name::$variant),*].len()] = [$($name::$variant),*];
        }
    };
}

pub(crate) use listed;
