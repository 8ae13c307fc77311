//! Names of objects: what is allowed, and how a generated one is completed.

use uuid::Uuid;

const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX: usize = 5;
const LONGEST_PREFIX: usize = 58;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/// A name with the given prefix and five random characters, as `generateName` makes them.
pub fn generate(prefix: &str) -> String {
    let mut name: String = prefix.chars().take(LONGEST_PREFIX).collect();
    let random = Uuid::new_v4();
    let pick = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).map(|letter| char::from(*letter));
    name.extend(random.as_bytes().iter().take(SUFFIX).filter_map(pick));
    name
}

/// What is wrong with a DNS subdomain, if anything.
pub fn subdomain_fault(name: &str) -> Option<String> {
    if name.len() > 253 {
        return Some("must be no more than 253 characters".to_owned());
    }
    (!name.split('.').all(is_label)).then(|| SUBDOMAIN.to_owned())
}

/// What is wrong with a DNS label, if anything.
pub fn label_fault(name: &str) -> Option<String> {
    if name.len() > 63 {
        return Some("must be no more than 63 characters".to_owned());
    }
    (!is_label(name)).then(|| LABEL.to_owned())
}

fn is_label(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.chars().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// Whether a text may be the value of a label.
pub fn is_label_value(value: &str) -> bool {
    value.len() <= 63 && (value.is_empty() || is_name_part(value))
}

/// Whether a text is a qualified name: an optional DNS prefix with a slash, then a name.
pub fn is_qualified(name: &str) -> bool {
    match name.split_once('/') {
        Some((prefix, name)) => subdomain_fault(prefix).is_none() && name.len() <= 63 && is_name_part(name),
        None => name.len() <= 63 && is_name_part(name),
    }
}

fn is_name_part(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    ends(text.chars().next()) && ends(text.chars().last()) && text.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_dns() {
        assert_eq!(subdomain_fault("a.b-c.1"), None);
        for name in ["A", "a_b", "-a", "a.", ""] {
            assert!(subdomain_fault(name).is_some(), "{name}");
        }
        assert_eq!(label_fault("a-1"), None);
        assert!(label_fault("a.b").is_some());
    }

    #[test]
    fn generated_names_are_names() {
        let name = generate("x-");
        assert_eq!(name.len(), 7);
        assert_eq!(subdomain_fault(&name), None);
        assert_ne!(name, generate("x-"));
    }

    #[test]
    fn qualified_names() {
        for name in ["a", "a.b/c", "messina.dev/Done_1"] {
            assert!(is_qualified(name), "{name}");
        }
        for name in ["", "a/", "a b", "/a", "A_/x"] {
            assert!(!is_qualified(name), "{name}");
        }
    }
}
