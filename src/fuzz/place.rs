//! What kind of input was sent: the place in the grammar, by which findings are told apart.

use super::words::words;

words! {
    /// What kind of input was sent.
    Place {
        // Of a finding that does not depend on the input.
        Anywhere = "",
        // Of an input that was not sent.
        Skipped = "skipped",
        Absent = "absent",
        Empty = "empty",
        Several = "several",
        Right = "right",
        // Credentials of a login.
        Elsewhere = "elsewhere",
        NoScheme = "no scheme",
        OtherScheme = "other scheme",
        NoCredentials = "no credentials",
        ObsText = "obs-text",
        NoBase64 = "no base64",
        NotUtf8 = "not UTF-8",
        ControlCharacters = "control characters",
        NoColon = "no colon",
        Odd = "odd",
        NameInAnotherCase = "name in another case",
        EmptyName = "empty name",
        EmptyPassword = "empty password",
        PasswordWithColons = "password with colons",
        WrongPassword = "wrong password",
        UnknownName = "unknown name",
        // Tokens.
        AnotherSpelling = "another spelling",
        AnotherScheme = "another scheme",
        WrongToken = "wrong token",
        // JSON bodies.
        DuplicateMember = "duplicate member",
        Object = "object",
        Array = "array",
        Null = "null",
        String = "string",
        Number = "number",
        Boolean = "boolean",
        Deep = "deep",
        LoneSurrogate = "lone surrogate",
        Malformed = "malformed",
        // New passwords.
        Strong = "strong",
        Weak = "weak",
        Open = "open",
        // Surfaces without kinds of inputs.
        Path = "path",
        Http = "http",
        Session = "session",
    }
}
