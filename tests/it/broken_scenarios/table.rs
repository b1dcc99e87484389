//! The kinds of mistakes, each as one edit of a good file.

/// One mistake.
pub struct Broken {
    /// What it is, once in all tables.
    pub kind: &'static str,
    /// What is replaced, and stands once in the good file; empty for the whole file.
    pub old: &'static str,
    /// What stands there instead; `▶` before the place that the error points at.
    pub new: &'static str,
    /// A part of what the error says.
    pub what: &'static str,
    /// A part of its advice.
    pub advice: &'static str,
}

const fn broken(
    kind: &'static str,
    old: &'static str,
    new: &'static str,
    what: &'static str,
    advice: &'static str,
) -> Broken {
    Broken { kind, old, new, what, advice }
}

/// A good register.
pub const REGISTER: &str = r#"# The rules.
["login.wrong"]
basis = "documented"
statement = "A wrong password does not log in."
page = "users/login"
section = "Errors"

["login.right"]
basis = "documented"
statement = "The right password logs in."
page = "users/login"
section = "Response"
"#;

/// A good scenario, and the twin of the one that is edited.
pub const GOOD: &str = r#"title = "The right password logs in"
given = "admin"

[[steps]]
name = "log in"
send = "POST /v1/users/login"
basic = "${admin}:${admin_password}"

[steps.expect]
"login.right" = { status = 200 }
"#;

/// The good scenario that is edited.
pub const BASE: &str = r#"# Größe zählt in Zeichen.
title = "Ein falsches Paßwort"
given = "admin"
positive = "login/good"

[cases]
short = { word = "a" }
long = { word = "aaaa" }

[[steps]]
name = "log in with the right one"
send = "POST /v1/users/login"
basic = "${admin}:${admin_password}"
json = "{}"

[steps.capture]
token = "/users/0/token"

[steps.expect]
"login.right" = { status = 200, body = { "/users/0/token" = "<token>" } }

[[steps]]
name = "log in with a wrong one"
send = "POST /v1/users/login"
basic = "${admin}:${word}${token}"
headers = { X-Word = "x" }
body = "{}"

[steps.expect]
"login.wrong" = { status = "4xx", absent = ["/users"] }
"#;

/// Mistakes in a scenario.
#[rustfmt::skip]
pub const SCENARIOS: &[Broken] = &[
    broken("no TOML", "given = \"admin\"", "given = \"admin▶\n", "", "TOML"),
    broken("empty file", "", "▶", "missing field `title`", "add `title = …`"),
    broken("duplicate key", "given = \"admin\"", "given = \"admin\"\n▶given = \"any\"", "duplicate key", "each key may appear once"),
    broken("duplicate requirement", "\"login.wrong\" =", "\"login.wrong\" = { status = 401 }\n▶\"login.wrong\" =", "duplicate key", "each key may appear once"),
    broken("unknown key of the file", "given = \"admin\"", "▶givn = \"admin\"", "unknown field `givn`", "did you mean `given`?"),
    broken("unknown key of a step", "json = \"{}\"", "▶jsn = \"{}\"", "unknown field `jsn`", "did you mean `json`?"),
    broken("unknown key of an expectation", "{ status = \"4xx\"", "{ ▶stauts = \"4xx\"", "unknown field `stauts`", "did you mean `status`?"),
    broken("unknown key of a lifetime", "{ status = \"4xx\"", "{ lifetime = { at = \"/a\", seconds = 1, ▶withn = 1 }, status = \"4xx\"", "unknown field `withn`", "did you mean `within`?"),
    broken("title missing", "# Größe zählt in Zeichen.\ntitle = \"Ein falsches Paßwort\"\n", "▶# Größe zählt in Zeichen.\n", "missing field `title`", "add `title = …`"),
    broken("title empty", "\"Ein falsches Paßwort\"", "▶\"  \"", "the title is empty", "in one sentence"),
    broken("title of another type", "\"Ein falsches Paßwort\"", "▶7", "invalid type", "strings stand in quotes"),
    broken("steps missing", "", "▶title = \"t\"\n", "there is no step", "add [[steps]]"),
    broken("steps empty", "", "▶title = \"t\"\nsteps = []\n", "there is no step", "add [[steps]]"),
    broken("steps as a table", "", "title = \"t\"\n▶[steps]\nname = \"x\"\nsend = \"GET /\"\n", "invalid type", "[[double brackets]]"),
    broken("step without a name", "[[steps]]\nname = \"log in with a wrong one\"\n", "▶[[steps]]\n", "missing field `name`", "add `name = …`"),
    broken("step with an empty name", "\"log in with a wrong one\"", "▶\" \"", "the name of the step is empty", "findings name the step"),
    broken("step without expectations", "[[steps]]\nname = \"log in with a wrong one\"\nsend = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"\nheaders = { X-Word = \"x\" }\nbody = \"{}\"\n\n[steps.expect]\n\"login.wrong\" = { status = \"4xx\", absent = [\"/users\"] }\n", "▶[[steps]]\nname = \"log in with a wrong one\"\nsend = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"\nheaders = { X-Word = \"x\" }\nbody = \"{}\"\n", "the step expects nothing", "add [steps.expect]"),
    broken("two steps of one name", "[[steps]]\nname = \"log in with a wrong one\"", "▶[[steps]]\nname = \"log in with the right one\"", "two steps are named", "give each its own name"),
    broken("id without quotes", "\"login.wrong\" =", "▶login.wrong =", "`login` is not a valid requirement id", "in quotes"),
    broken("id unknown but near", "\"login.wrong\" =", "▶\"login.wrongg\" =", "there is no requirement \"login.wrongg\"", "did you mean \"login.wrong\"?"),
    broken("id unknown", "\"login.wrong\" =", "▶\"zzz\" =", "there is no requirement \"zzz\"", "requirements.toml first"),
    broken("expectation that asks nothing", "\"login.wrong\" = { status = \"4xx\", absent = [\"/users\"] }", "▶\"login.wrong\" = {}", "asks nothing", "add `status`"),
    broken("given unknown", "given = \"admin\"", "given = ▶\"admim\"", "unknown variant `admim`", "did you mean `admin`?"),
    broken("change unknown", "given = \"admin\"", "given = \"admin\"\nchanges = [\"users\", ▶\"everything\"]", "unknown variant `everything`", "use one of passwords, users, registration, clock"),
    broken("registration unknown", "given = \"admin\"", "given = \"admin\"\nregistration = ▶\"opened\"", "unknown variant `opened`", "did you mean `open`?"),
    broken("control of another type", "given = \"admin\"", "given = \"admin\"\ncontrol = ▶\"yes\"", "invalid type", "write true or false"),
    broken("status class unknown", "status = \"4xx\"", "status = ▶\"6xx\"", "`6xx` is not a valid status", "write 401"),
    broken("status too small", "status = \"4xx\"", "status = ▶[401, 42]", "`401, 42` is not a valid status", "write 401"),
    broken("status list empty", "status = \"4xx\"", "status = ▶[]", "not a valid status", "write 401"),
    broken("status of another type", "status = \"4xx\"", "status = ▶4.5", "invalid type", "a string, a whole number, or a list"),
    broken("error code a word", "status = \"4xx\"", "error = ▶\"1005x\", status = \"4xx\"", "an error code is a whole number", "write 1005"),
    broken("error code list empty", "status = \"4xx\"", "error = ▶[], status = \"4xx\"", "an error code is a whole number", "write 1005"),
    broken("pointer without a slash", "[\"/users\"]", "[\"/account\", ▶\"users\"]", "`users` is no JSON Pointer", "write it as"),
    broken("pointer with a bad escape", "body = { \"/users/0/token\"", "body = { ▶\"/users~2\"", "`/users~2` is no JSON Pointer", "RFC 6901"),
    broken("pointer of a capture", "token = \"/users/0/token\"", "token = ▶\"users.0.token\"", "no JSON Pointer", "write it as"),
    broken("placeholder unknown but near", "\"<token>\"", "▶\"<tokn>\"", "there is no placeholder `<tokn>`", "did you mean `<token>`?"),
    broken("placeholder unknown", "\"<token>\"", "▶\"<*>\"", "there is no placeholder `<*>`", "use one of <token>"),
    broken("value of another type", "\"<token>\"", "▶[1]", "invalid type", "a string, a whole number or a boolean"),
    broken("count negative", "body = { \"/users/0/token\" = \"<token>\" }", "count = { \"/users\" = ▶-1 }", "invalid value", "0 or more"),
    broken("lifetime without seconds", "body = { \"/users/0/token\" = \"<token>\" }", "lifetime = ▶{ at = \"/a\", within = 5 }", "missing field `seconds`", "add `seconds = …`"),
    broken("name unbound", "${word}${token}", "${word}▶${password}${token}", "nothing binds `${password}`", "bind it in the row `short`"),
    broken("name bound too late", "basic = \"${admin}:${admin_password}\"", "basic = \"${admin}:▶${token}\"", "nothing binds `${token}`", "capture it in an earlier step"),
    broken("name of a richer state", "${word}${token}", "${word}▶${user_token}${token}", "nothing binds `${user_token}`", "change `given`"),
    broken("name in an expectation unbound", "\"<token>\"", "\"▶${lost}\"", "nothing binds `${lost}`", "bind it"),
    broken("value that one row lacks", "", "title = \"t\"\n[cases]\none = { word = \"a\" }\ntwo = {}\n[[steps]]\nname = \"n\"\nsend = \"GET /▶${word}\"\n[steps.expect]\n\"login.right\" = { status = 200 }\n", "nothing binds `${word}`", "bind it in the row `two`"),
    broken("row value unused", "{ word = \"a\" }", "{ word = \"a\", ▶wort = \"b\" }", "nothing uses `wort`", "use ${wort} in a step, or remove it"),
    broken("row value over a name of the harness", "{ word = \"a\" }", "{ word = \"a\", ▶unique = \"b\" }", "`unique` is bound by the harness", "a name of its own"),
    broken("capture over a name of the harness", "token = \"/users/0/token\"", "token = \"/users/0/token\"\n▶admin_token = \"/users/0/token\"", "`admin_token` is bound by the harness", "a name of its own"),
    broken("row name", "short =", "▶Short =", "`Short` is not a valid row name", "lower case, digits and hyphens"),
    broken("row value of another type", "{ word = \"a\" }", "{ word = ▶1 }", "invalid type", "a string"),
    broken("row that is no table", "{ word = \"a\" }", "▶\"a\"", "invalid type", "write a table"),
    broken("name that cannot be bound", "{ word = \"a\" }", "{ word = \"a\", ▶1st = \"b\" }", "`1st` cannot be bound", "a letter first"),
    broken("capture that cannot be bound", "token = \"/users/0/token\"", "token = \"/users/0/token\"\n▶\"a b\" = \"/users/0/token\"", "`a b` cannot be bound", "a letter first"),
    broken("two ways of sending", "[[steps]]\nname = \"log in with a wrong one\"\nsend = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"\nheaders = { X-Word = \"x\" }\nbody = \"{}\"\n", "▶[[steps]]\nname = \"log in with a wrong one\"\nsend = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"\nheaders = { X-Word = \"x\" }\nraw = \"GET / HTTP/1.1\"\n", "the step does 2 things", "exactly one of `send`, `raw`, `hex` and `advance`"),
    broken("no way of sending", "[[steps]]\nname = \"log in with a wrong one\"\nsend = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"\nheaders = { X-Word = \"x\" }\nbody = \"{}\"\n", "▶[[steps]]\nname = \"log in with a wrong one\"\nbasic = \"${admin}:${word}${token}\"\nheaders = { X-Word = \"x\" }\nbody = \"{}\"\n", "the step does nothing", "exactly one of"),
    broken("raw with parts", "send = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"", "raw = \"${word}${token}\"\nbasic = ▶\"a:b\"", "not made of parts", "write it into the bytes"),
    broken("raw with headers", "send = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"\nheaders = { X-Word = \"x\" }\nbody = \"{}\"", "raw = \"${word}${token}\"\nheaders = { ▶X-Word = \"x\" }", "a header is given", "write it into the bytes"),
    broken("basic and bearer", "${word}${token}\"", "${word}${token}\"\nbearer = ▶\"x\"", "the step has `basic` and `bearer`", "keep one"),
    broken("json and body", "body = \"{}\"", "json = \"{}\"\nbody = ▶\"{}\"", "the step has `json` and `body`", "keep one of them"),
    broken("method in lower case", "send = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"", "send = ▶\"post /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"", "not a method and a path", "POST /v1/users/login"),
    broken("path without a slash", "send = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"", "send = ▶\"POST v1/users/login\"\nbasic = \"${admin}:${word}${token}\"", "not a method and a path", "POST /v1/users/login"),
    broken("path missing", "send = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"", "send = ▶\"POST\"\nbasic = \"${admin}:${word}${token}\"", "not a method and a path", "POST /v1/users/login"),
    broken("path with a blank", "send = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"", "send = ▶\"POST /v1 /x\"\nbasic = \"${admin}:${word}${token}\"", "not a method and a path", "POST /v1/users/login"),
    broken("hex of odd length", "send = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"\nheaders = { X-Word = \"x\" }\nbody = \"{}\"", "hex = ▶\"47 4\"", "not an even number of hexadecimal digits", "two digits a byte"),
    broken("hex of other letters", "send = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"\nheaders = { X-Word = \"x\" }\nbody = \"{}\"", "hex = ▶\"47 +5\"", "hexadecimal digits", "two digits a byte"),
    broken("header name", "headers = { X-Word", "headers = { ▶\"X Word\"", "`X Word` is not a valid header name", "`raw` or `hex`"),
    broken("header value that is no text", "X-Word = \"x\"", "X-Word = ▶true", "invalid type", "a string, a whole number, or a list"),
    broken("header value with a line end", "X-Word = \"x\"", "X-Word = ▶\"x\\r\\nY: z\"", "a line end", "`raw` or `hex`"),
    broken("template unclosed", "body = \"{}\"", "body = ▶\"${word\"", "is never closed", "close it"),
    broken("template with no name", "body = \"{}\"", "body = ▶\"${1}\"", "`1` is not a valid name", "`$${`"),
    broken("filter unknown but near", "body = \"{}\"", "body = ▶\"${word|uper}\"", "`uper` is not a filter", "did you mean `upper`?"),
    broken("filter unknown", "body = \"{}\"", "body = ▶\"${word|rot13}\"", "`rot13` is not a filter", "use one of json, base64"),
    broken("twin unknown but near", "\"login/good\"", "▶\"login/goood\"", "there is no scenario \"login/goood\"", "did you mean \"login/good\"?"),
    broken("twin unknown", "\"login/good\"", "▶\"xyz\"", "there is no scenario \"xyz\"", "by area and file"),
    broken("twin of itself", "\"login/good\"", "▶\"login/broken\"", "its own positive", "name the one that is accepted"),
    broken("refusal without a twin", "", "title = \"t\"\n\n▶[[steps]]\nname = \"n\"\nsend = \"GET /v1/x\"\n[steps.expect]\n\"login.wrong\" = { status = \"4xx\" }\n", "nothing shows the request accepted", "positive = \"area/name\""),
    broken("clock moved and answer expected", "[[steps]]\nname = \"log in with a wrong one\"\nsend = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"\nheaders = { X-Word = \"x\" }\nbody = \"{}\"\n", "▶[[steps]]\nname = \"log in with a wrong one\"\nadvance = 60\n", "no answer to expect", "remove [steps.expect]"),
    broken("clock moved unannounced", "body = \"{}\"\n", "body = \"{}\"\n[steps.expect]\n\"login.wrong\" = { status = 401 }\n\n▶[[steps]]\nname = \"wait\"\nadvance = 60\n\n[[steps]]\nname = \"again\"\nsend = \"GET /v1/users\"\n", "moves the clock", "add \"clock\" to `changes`"),
    broken("clock moved back", "send = \"POST /v1/users/login\"\nbasic = \"${admin}:${word}${token}\"", "advance = ▶-1\nbasic = \"${admin}:${word}${token}\"", "invalid value", "0 or more"),
    broken("a key of an earlier version", "json = \"{}\"", "json = \"{}\"\n▶else_blocked = \"why\"", "unknown field `else_blocked`", "it is called `may_refuse` now"),
    broken("may_refuse without a reason", "json = \"{}\"", "json = \"{}\"\nmay_refuse = ▶\" \"", "gives no reason", "say why"),
    broken("may_refuse at a refusal", "body = \"{}\"", "body = \"{}\"\nmay_refuse = ▶\"for a while\"", "does not expect to be accepted", "expect a status of class 2xx"),
];

/// Mistakes in the register.
#[rustfmt::skip]
pub const REGISTERS: &[Broken] = &[
    broken("register: no TOML", "section = \"Errors\"", "section ▶", "", "TOML"),
    broken("register: id without quotes", "[\"login.wrong\"]", "[▶login.wrong]", "`login` is not a valid requirement id", "in quotes"),
    broken("register: id of another area", "[\"login.wrong\"]", "[▶\"logn.wrong\"]", "`logn.wrong` is not a valid requirement id", "login, users, tokens, account, envelope"),
    broken("register: id in capitals", "[\"login.wrong\"]", "[▶\"login.Wrong\"]", "`login.Wrong` is not a valid requirement id", "lower case"),
    broken("register: id without a dot", "[\"login.wrong\"]", "[▶\"login\"]", "`login` is not a valid requirement id", "area.topic.rule"),
    broken("register: id twice", "[\"login.right\"]", "[▶\"login.wrong\"]", "duplicate key", "each key may appear once"),
    broken("register: mark unknown", "basis = \"documented\"\nstatement = \"A wrong", "basis = ▶\"document\"\nstatement = \"A wrong", "unknown variant `document`", "did you mean `documented`?"),
    broken("register: level stated", "section = \"Errors\"", "section = \"Errors\"\n▶level = \"must\"", "unknown field `level`", "basis, statement, page, section, because, untested"),
    broken("register: says nothing", "\"A wrong password does not log in.\"", "▶\" \"", "says nothing", "in one sentence"),
    broken("register: says missing", "[\"login.wrong\"]\nbasis = \"documented\"\nstatement = \"A wrong password does not log in.\"\n", "▶[\"login.wrong\"]\nbasis = \"documented\"\n", "missing field `statement`", "add `statement = …`"),
    broken("register: mark missing", "[\"login.right\"]\nbasis = \"documented\"\n", "▶[\"login.right\"]\n", "missing field `basis`", "add `basis = …`"),
    broken("register: empty page", "page = \"users/login\"\nsection = \"Errors\"", "page = ▶\"\"\nsection = \"Errors\"", "names no source", "page and section"),
    broken("register: empty excuse", "section = \"Errors\"", "section = \"Errors\"\nuntested = ▶\"\"", "gives no reason", "a stranger"),
];
