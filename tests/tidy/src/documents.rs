//! The documents lead somewhere.

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::at;
use crate::tree::{File, folder_of, follow, name_of};

/// Where decisions are written down, one a file.
pub const DECISIONS: &str = "docs/decisions/";
/// The list of all decisions.
pub const DECISIONS_INDEX: &str = "docs/decisions/README.md";

/// A link or picture in a document.
struct Link {
    target: String,
    line: usize,
}

fn links_of(file: &File) -> Vec<Link> {
    Parser::new_ext(&file.text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES)
        .into_offset_iter()
        .filter_map(|(event, place)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let before = file.text.get(..place.start).unwrap_or_default();
                Some(Link { target: dest_url.into_string(), line: before.matches('\n').count() + 1 })
            }
            _ => None,
        })
        .collect()
}

/// The path inside the checkout that a link of `file` means; `Ok(None)` for one that leads elsewhere by design.
fn place_of(link: &Link, file: &File) -> Result<Option<String>, ()> {
    let target = link.target.split(['#', '?']).next().unwrap_or_default();
    let has_scheme = target.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    if target.is_empty() || has_scheme {
        return Ok(None);
    }
    let folder = if target.starts_with('/') { "" } else { folder_of(&file.path) };
    follow(folder, target).map(Some).ok_or(())
}

/// Relative links in `file` to what does not exist.
pub fn broken_links(file: &File, exists: impl Fn(&str) -> bool) -> Vec<String> {
    links_of(file)
        .iter()
        .filter(|link| match place_of(link, file) {
            Ok(Some(path)) => !exists(&path),
            Ok(None) => false,
            Err(()) => true,
        })
        .map(|link| at(&file.path, link.line, &format!("{} does not exist", link.target)))
        .collect()
}

/// Decisions that the index does not link to. A tree without decisions needs no index.
pub fn unlisted_decisions(documents: &[File]) -> Vec<String> {
    let listed: Vec<String> = documents
        .iter()
        .filter(|file| file.path == DECISIONS_INDEX)
        .flat_map(|index| {
            links_of(index).into_iter().filter_map(|link| place_of(&link, index).ok().flatten())
        })
        .collect();
    documents
        .iter()
        .filter(|file| file.path.starts_with(DECISIONS) && file.path != DECISIONS_INDEX)
        .filter(|file| !listed.contains(&file.path))
        .map(|file| format!("{DECISIONS_INDEX}: no link to {}", name_of(&file.path)))
        .collect()
}

#[cfg(test)]
mod tests;
