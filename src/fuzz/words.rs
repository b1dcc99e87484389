//! Enums whose values people and files know by a word.

/// Writes an enum, the word of each value once, and the words as its `Display` and JSON form.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
        pub enum $name {
            $(
                $(#[$variant_meta])*
                #[serde(rename = $word)]
                $variant,
            )*
        }

        impl $name {
            /// The word for it.
            pub const fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

pub(super) use words;

words! {
    /// What the documents want of a request; `Either` where they leave it open.
    #[derive(Default)]
    Class {
        Accept = "accept", Reject = "reject",
        #[default]
        Either = "either",
    }
}

words! {
    /// The kind of check that failed. Findings of different kinds are different findings.
    Check {
        // No answer in time, a 5xx, and a target that is gone after the input.
        Answered = "answered", Crash = "crash", Down = "down",
        // In the answer: a secret of the request, a stack trace.
        Echo = "echo", Trace = "trace",
        // The form of the answer.
        OneAnswer = "one-answer", Envelope = "envelope",
        // A token, or a success, where there must be none; and a refusal where there must be none.
        Token = "token", Refused = "refused",
        // What the target has or shows is not what the documents want.
        State = "state",
        // An accepted change of a password that did something else, and a refused one that did something.
        AcceptedChange = "accepted-change", RefusedChange = "refused-change",
    }
}

words! {
    /// What kind of input was sent: the place in the grammar.
    #[derive(Default)]
    Place {
        // Of a finding that does not depend on the input, and of an input that was not sent.
        #[default]
        Anywhere = "", Skipped = "skipped",
        Absent = "absent", Empty = "empty", Several = "several", Right = "right",
        // Credentials of a login.
        Elsewhere = "elsewhere", NoScheme = "no scheme", OtherScheme = "other scheme", NoCredentials = "no credentials",
        ObsText = "obs-text", NoBase64 = "no base64", NotUtf8 = "not UTF-8", ControlCharacters = "control characters",
        NoColon = "no colon", NameInAnotherCase = "name in another case", EmptyName = "empty name",
        EmptyPassword = "empty password", PasswordWithColons = "password with colons",
        WrongPassword = "wrong password", UnknownName = "unknown name",
        // Tokens.
        AnotherSpelling = "another spelling", AnotherScheme = "another scheme", WrongToken = "wrong token",
        // JSON bodies.
        DuplicateMember = "duplicate member", Object = "object", Array = "array", Null = "null", String = "string",
        Number = "number", Boolean = "boolean", Deep = "deep", LoneSurrogate = "lone surrogate",
        ByteOrderMark = "byte order mark", Malformed = "malformed",
        // New passwords.
        Strong = "strong", Weak = "weak", Open = "open",
        // Surfaces without kinds of inputs.
        Path = "path", Http = "http", Session = "session",
    }
}
