//! Declarations that keep together what Rust has in two places: an enum and a table of its variants, a struct and its
//! defaults.

/// Declares an enum with a row of a table behind each variant. `ALL` lists the variants.
macro_rules! tabled {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident: $type:ty {
            $($(#[$note:meta])* $variant:ident $(= $number:literal)? => $row:expr,)*
        }
    ) => {
        $(#[$attribute])*
        $visibility enum $name {
            $($(#[$note])* $variant $(= $number)?,)*
        }

        impl $name {
            /// Every variant, in the order of declaration.
            #[allow(dead_code, reason = "not every table is listed")]
            pub const ALL: [$name; [$($name::$variant),*].len()] = [$($name::$variant),*];

            const fn row(self) -> $type {
                match self {
                    $($name::$variant => $row,)*
                }
            }
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

pub(crate) use {defaulted, tabled};
