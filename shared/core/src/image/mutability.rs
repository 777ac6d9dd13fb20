//! Which tags of a repository stay with the image that they have. AWS-FACTS 8.2.

use super::{RepositoryUri, Tag};

/// What `imageTagMutability` and its exclusion filters say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutability {
    /// Whether tags stay where they are, unless they are among the exceptions.
    pub is_immutable: bool,
    /// The patterns of tags for which the opposite holds; `*` stands for anything.
    pub except: Vec<String>,
}

impl Mutability {
    /// AWS's limit of exclusion filters.
    pub const MAX_FILTERS: usize = 5;

    /// Whether a tag that names an image cannot be given to another one.
    pub fn keeps(&self, tag: &Tag) -> bool {
        self.is_immutable != self.exception(tag).is_some()
    }

    fn exception(&self, tag: &Tag) -> Option<&String> {
        let mut filters = self.except.iter();
        filters.find(|filter| matches(filter, tag.as_str()))
    }

    /// What has to be done before a tag can be moved that the repository keeps.
    pub fn remedy(&self, repository: &RepositoryUri, tag: &Tag) -> String {
        let name = &repository.name;
        let (word, filters) = match self.exception(tag) {
            Some(filter) => {
                let others = self.except.iter().filter(|other| *other != filter);
                let others: Vec<&str> = others.map(String::as_str).collect();
                let text =
                    format!("take the exclusion filter `{filter}` away from repository `{name}`");
                let word = if others.is_empty() {
                    "MUTABLE"
                } else {
                    "MUTABLE_WITH_EXCLUSION"
                };
                return command(&text, repository, word, &others);
            }
            None if self.except.len() >= Self::MAX_FILTERS => {
                return format!(
                    "repository `{name}` has as many exclusion filters as AWS allows ({}): widen one of \
                     them so that it takes `{tag}` too",
                    self.except.join(", ")
                );
            }
            None => {
                let others = self.except.iter().map(String::as_str);
                (
                    "IMMUTABLE_WITH_EXCLUSION",
                    others.chain([tag.as_str()]).collect::<Vec<_>>(),
                )
            }
        };
        let text = format!("add the exclusion filter `{tag}` to repository `{name}`");
        command(&text, repository, word, &filters)
    }
}

fn command(what: &str, repository: &RepositoryUri, word: &str, filters: &[&str]) -> String {
    let written: Vec<String> = filters
        .iter()
        .map(|filter| format!("filterType=WILDCARD,filter={filter}"))
        .collect();
    let filters = if written.is_empty() {
        String::new()
    } else {
        format!(
            " --image-tag-mutability-exclusion-filters {}",
            written.join(" ")
        )
    };
    format!(
        "{what}: `aws ecr put-image-tag-mutability --registry-id {} --region {} --repository-name {} \
         --image-tag-mutability {word}{filters}`",
        repository.registry.account(),
        repository.registry.region(),
        repository.name
    )
}

/// Whether a text fits a pattern in which `*` stands for any number of characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    // The earliest place is as good as any for what stands between two asterisks.
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutability(is_immutable: bool, except: &[&str]) -> Mutability {
        let except = except.iter().map(|&filter| filter.to_owned()).collect();
        Mutability {
            is_immutable,
            except,
        }
    }

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    #[test]
    fn an_asterisk_stands_for_any_number_of_characters() {
        for (pattern, text, fits) in [
            ("test", "test", true),
            ("test", "test1", false),
            ("*", "anything", true),
            ("deployed-*", "deployed-", true),
            ("deployed-*", "deployed", false),
            ("*-test", "api-test", true),
            ("a*b*c", "axxbxxc", true),
            ("a*b*c", "axxcxxb", false),
            ("a*a", "a", false),
            ("**", "x", true),
            ("*a*a*a*", "aa", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn exceptions_turn_the_rule_round() {
        assert!(!mutability(false, &[]).keeps(&tag("test")));
        assert!(mutability(true, &[]).keeps(&tag("test")));
        assert!(!mutability(true, &["te*"]).keeps(&tag("test")));
        assert!(mutability(true, &["dev*"]).keeps(&tag("test")));
        assert!(mutability(false, &["v*"]).keeps(&tag("v1")));
        assert!(!mutability(false, &["v*"]).keeps(&tag("test")));
    }

    #[test]
    fn the_remedy_names_the_filter_and_keeps_the_others() {
        let repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mco/api"
            .parse()
            .unwrap();
        let remedy = |is_immutable, except: &[&str], name: &str| {
            mutability(is_immutable, except).remedy(&repository, &tag(name))
        };
        let command = "`aws ecr put-image-tag-mutability --registry-id 123456789012 --region eu-west-1 \
                       --repository-name mco/api --image-tag-mutability";
        let filters = "--image-tag-mutability-exclusion-filters";
        assert_eq!(
            remedy(true, &["dev-*"], "deployed-test"),
            format!(
                "add the exclusion filter `deployed-test` to repository `mco/api`: {command} \
                 IMMUTABLE_WITH_EXCLUSION {filters} filterType=WILDCARD,filter=dev-* \
                 filterType=WILDCARD,filter=deployed-test`"
            )
        );
        assert_eq!(
            remedy(false, &["v*", "staging"], "staging"),
            format!(
                "take the exclusion filter `staging` away from repository `mco/api`: {command} \
                 MUTABLE_WITH_EXCLUSION {filters} filterType=WILDCARD,filter=v*`"
            )
        );
        assert_eq!(
            remedy(false, &["staging"], "staging"),
            format!(
                "take the exclusion filter `staging` away from repository `mco/api`: {command} MUTABLE`"
            )
        );
        assert_eq!(
            remedy(true, &["a", "b", "c", "d", "e"], "test"),
            "repository `mco/api` has as many exclusion filters as AWS allows (a, b, c, d, e): widen one \
             of them so that it takes `test` too"
        );
    }
}
