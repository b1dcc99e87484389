//! The text of HTML without the tags that lay it out.

/// Tags that end a line.
const BREAKS: &str = "br p pre div li ul ol tr table h1 h2 h3 h4 body html blockquote textarea hr";

/// Tags within a line.
const INLINE: &str = "a b i em strong span code cite font small tt kbd samp u td th";

/// Other tags stay, as `<init>` may be the name of a function.
pub(super) fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let name = rest[1..].trim_start_matches('/');
        let name = &name[..name.bytes().take_while(u8::is_ascii_alphanumeric).count()];
        let is_among = |tags: &str| tags.split(' ').any(|tag| tag.eq_ignore_ascii_case(name));
        let breaks = is_among(BREAKS);
        let lays_out = breaks || is_among(INLINE);
        // Another tag ends the search, so that no text is searched twice.
        let end = || rest[1..].find(['<', '>']).filter(|end| rest[1 + end..].starts_with('>'));
        match lays_out.then(end).flatten() {
            Some(end) => {
                if breaks {
                    text.push('\n');
                }
                rest = &rest[end + 2..];
            }
            None => {
                text.push('<');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::without_tags;

    #[test]
    fn tags_that_lay_out_text_are_removed_and_others_stay() {
        let html = "<h1 class=\"x\">E</h1>a <b>bold</b> <BR/>Object.<anonymous> 1 < 2 </p>end <br";
        assert_eq!(without_tags(html), "\nE\na bold \nObject.<anonymous> 1 < 2 \nend <br");
    }
}
