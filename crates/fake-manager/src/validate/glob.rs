//! Filters of keyspaces and datacenters: glob patterns in order, the last that matches decides, `!` takes away.

/// The names that a filter leaves. An empty filter leaves all.
pub(super) fn select<'a>(names: &'a [String], patterns: &[String]) -> Vec<&'a str> {
    names.iter().map(String::as_str).filter(|name| is_selected(name, patterns)).collect()
}

fn is_selected(name: &str, patterns: &[String]) -> bool {
    // A filter that begins by taking away takes away from everything.
    let mut selected = patterns.first().is_none_or(|first| first.starts_with('!'));
    for pattern in patterns {
        let (wanted, pattern) = match pattern.strip_prefix('!') {
            Some(rest) => (false, rest),
            None => (true, pattern.as_str()),
        };
        // Taking away some tables of a keyspace leaves the keyspace.
        let (keyspace, table) = pattern.split_once('.').unwrap_or((pattern, "*"));
        if matches(keyspace.as_bytes(), name.as_bytes()) && (wanted || table == "*") {
            selected = wanted;
        }
    }
    selected
}

fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches(rest, name) || name.split_first().is_some_and(|(_, shorter)| matches(pattern, shorter))
        }
        (Some((p, pattern)), Some((n, name))) => (*p == b'?' || p == n) && matches(pattern, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
