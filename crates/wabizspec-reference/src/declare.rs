//! Declarations that say once what Rust would need said twice: all variants of an enum, the defaults of a struct.

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

/// Declares a struct whose fields each have their default behind an equals sign.
macro_rules! defaulted {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$note:meta])* $field_visibility:vis $field:ident: $type:ty = $default:expr,)*
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$note])* $field_visibility $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $default,)* }
            }
        }
    };
}

pub(crate) use {defaulted, listed};
