//! What CloudWatch lets through of a widget's HTML.
//!
//! Documented is that scripts go, and "other known security vulnerabilities", of which `<iframe>` and `<use>` are named
//! (Security and JavaScript for custom CloudWatch widgets). What exactly stays is not, so this is a list of what may stay: it
//! is stricter than CloudWatch has to be, and what passes here passes there.

use std::sync::LazyLock;

use ammonia::Builder;

/// Elements beside the harmless ones of HTML that `ammonia` knows.
const ELEMENTS: [&str; 18] = [
    "button",
    "cwdb-action",
    "fieldset",
    "form",
    "input",
    "label",
    "legend",
    "option",
    "select",
    "style",
    "title",
    // SVG
    "svg",
    "g",
    "line",
    "path",
    "rect",
    "text",
    "circle",
];

const ATTRIBUTES: [&str; 38] = [
    "action",
    "aria-hidden",
    "aria-label",
    "autocomplete",
    "class",
    "colspan",
    "confirmation",
    "datetime",
    "display",
    "endpoint",
    "event",
    "maxlength",
    "name",
    "placeholder",
    "role",
    "scope",
    "selected",
    "title",
    "type",
    "value",
    "open",
    // SVG
    "cx",
    "cy",
    "d",
    "fill",
    "height",
    "r",
    "rx",
    "text-anchor",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
    "stroke",
];

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .rm_clean_content_tags(["style"])
        .add_tags(ELEMENTS)
        .add_generic_attributes(ATTRIBUTES);
    builder
});

/// The HTML without what is not on the list.
pub fn sanitised(html: &str) -> String {
    SANITISER.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cloudwatch_is_known_to_remove_is_gone() {
        for bad in [
            "<script>alert(1)</script>",
            "<iframe src='https://example.com'></iframe>",
            "<svg><use href='#a'></use></svg>",
            "<svg><script>alert(1)</script></svg>",
            "<p onclick='alert(1)'>x</p>",
            "<a href='javascript:alert(1)'>x</a>",
            "<object data='x'></object>",
            "<link rel='stylesheet' href='https://example.com/x.css'>",
        ] {
            let rest = sanitised(bad).to_lowercase();
            for word in ["script", "iframe", "<use", "onclick", "object", "link rel"] {
                assert!(!rest.contains(word), "{bad} leaves {rest}");
            }
        }
    }

    #[test]
    fn what_a_widget_is_made_of_stays() {
        for good in [
            "<style>.gl{color:red}</style>",
            "<svg viewBox=\"0 0 9 9\"><g><title>x</title><rect x=\"1\" width=\"2\"></rect></g></svg>",
            "<button type=\"button\" class=\"btn\">x</button><cwdb-action action=\"call\" \
             endpoint=\"arn:aws:lambda:eu-west-1:1:function:f\" confirmation=\"Sure?\">{\"a\":1}</cwdb-action>",
            "<form><label>Name<input type=\"text\" name=\"by\" value=\"a\"></label></form>",
            "<table><caption>c</caption><tbody><tr><th scope=\"row\">a</th></tr></tbody></table>",
        ] {
            assert_eq!(sanitised(good), good);
        }
    }
}
