//! Patterns of ARNs.

use wildmatch::WildMatch;

/// Whether an ARN is of a pattern. `*` and `?` stand for anything within one of the parts that colons divide, and in
/// the last part, the resource, for colons too.
pub(super) fn matches(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (mut patterns, mut parts) = (pattern.splitn(6, ':'), arn.splitn(6, ':'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if WildMatch::new(pattern).matches(part) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_stands_for_anything_within_a_part() {
        let table = [
            ("*", "arn:aws:ecs:r:1:service/a/b", true),
            ("*", "*", true),
            ("arn:aws:ecs:r:1:service/*", "*", false),
            (
                "arn:aws:ecs:r:1:service/*/*",
                "arn:aws:ecs:r:1:service/a/b",
                true,
            ),
            (
                "arn:aws:ecs:r:1:service/a/*",
                "arn:aws:ecs:r:1:service/b/a/b",
                false,
            ),
            (
                "arn:aws:ecs:r:1:service/a?/b",
                "arn:aws:ecs:r:1:service/ab/b",
                true,
            ),
            ("arn:aws:*:1:service/a", "arn:aws:ecs:r:1:service/a", false),
            (
                "arn:aws:ecs:r:*:service/a",
                "arn:aws:ecs:r:1:service/a",
                true,
            ),
            (
                "arn:aws:logs:r:1:log-group:/ecs/*:log-stream:*",
                "arn:aws:logs:r:1:log-group:/ecs/api:log-stream:a/b",
                true,
            ),
            ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a:b/c", true),
            ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a", false),
        ];
        for (pattern, arn, expected) in table {
            assert_eq!(matches(pattern, arn), expected, "{pattern} and {arn}");
        }
    }
}
