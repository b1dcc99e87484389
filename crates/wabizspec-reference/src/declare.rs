//! Declarations that keep together what Rust has in two places: an enum and a table of its variants, a struct and its
//! defaults.

/// Declares an enum with a row of a table behind each variant, and a function for each column. `ALL` lists the variants.
macro_rules! tabled {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident: (
            $($(#[$meaning:meta])* $column_visibility:vis $column:ident: $type:ty),+ $(,)?
        ) {
            $($(#[$note:meta])* $variant:ident $(= $number:literal)? => $row:tt,)*
        }
    ) => {
        $(#[$attribute])*
        $visibility enum $name {
            $($(#[$note])* $variant $(= $number)?,)*
        }

        const _: () = {
            struct Row {
                $($column: $type,)+
            }

            impl Row {
                const fn of($($column: $type),+) -> Row {
                    Row { $($column),+ }
                }
            }

            impl $name {
                /// Every variant, in the order of declaration.
                #[allow(dead_code, reason = "not every table is listed")]
                pub const ALL: [$name; [$($name::$variant),*].len()] = [$($name::$variant),*];

                $($(#[$meaning])* $column_visibility const fn $column(self) -> $type {
                    self.row().$column
                })+

                const fn row(self) -> Row {
                    match self {
                        $($name::$variant => Row::of $row,)*
                    }
                }
            }
        };
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
