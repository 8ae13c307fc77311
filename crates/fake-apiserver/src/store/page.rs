//! Lists, whole or in pages that all show the same revision.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::{Compacted, Key, Object, Store};

/// Which part of a table is wanted.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Only this namespace.
    pub namespace: Option<String>,
    /// Most objects to return; none returns all.
    pub limit: Option<usize>,
    /// Revision to list at; none is the present.
    pub revision: Option<u64>,
    /// Key after which to go on.
    pub after: Option<Key>,
}

/// Part of a list.
#[derive(Debug, Default)]
pub struct Page {
    /// The objects, in order of their keys.
    pub objects: Vec<Arc<Object>>,
    /// Revision of the list.
    pub revision: u64,
    /// Key of the last object, if there is more.
    pub last: Option<Key>,
    /// Number of objects that come after this page.
    pub remaining: usize,
}

impl Store {
    /// Lists the objects of a table that `wanted` accepts.
    ///
    /// # Errors
    /// The requested revision has left the window.
    pub fn page(
        &self,
        table: &str,
        request: &PageRequest,
        wanted: impl Fn(&Object) -> bool,
    ) -> Result<Page, Compacted> {
        let revision = request.revision.unwrap_or(self.revision);
        let mut page = Page { revision, ..Page::default() };
        let Some(table) = self.table(table) else { return Ok(page) };
        if revision < self.revision {
            let past: BTreeMap<Key, Arc<Object>> = table.at(revision)?;
            fill(&mut page, past.iter(), request, &wanted);
        } else {
            fill(&mut page, table.objects(), request, &wanted);
        }
        Ok(page)
    }
}

fn fill<'o>(
    page: &mut Page,
    objects: impl Iterator<Item = (&'o Key, &'o Arc<Object>)>,
    request: &PageRequest,
    wanted: &impl Fn(&Object) -> bool,
) {
    let start = request.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let limit = request.limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let mut last = None;
    for (key, object) in objects {
        let before = matches!(start, Bound::Excluded(after) if key <= after);
        let elsewhere = request.namespace.as_ref().is_some_and(|namespace| *namespace != key.namespace);
        if before || elsewhere || !wanted(object) {
            continue;
        }
        if page.objects.len() < limit {
            page.objects.push(object.clone());
            last = Some(key);
        } else {
            page.remaining += 1;
        }
    }
    if page.remaining > 0 {
        page.last = last.cloned();
    }
}
