//! The resources that are served at present.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::builtin;
use crate::resource::Resource;

type Address = (String, String, String);

/// Served resources by group, version and plural name.
#[derive(Debug, Clone)]
pub struct Registry {
    resources: BTreeMap<Address, Arc<Resource>>,
}

impl Registry {
    /// The built-in resources alone.
    pub fn builtin() -> Self {
        let mut registry = Self { resources: BTreeMap::new() };
        builtin::resources().into_iter().for_each(|resource| registry.serve(resource));
        registry
    }

    /// Serves a resource, in place of one of the same address.
    pub fn serve(&mut self, resource: Resource) {
        let address = (resource.group.clone(), resource.version.clone(), resource.plural.clone());
        self.resources.insert(address, Arc::new(resource));
    }

    /// Stops serving all versions of a resource.
    pub fn withdraw(&mut self, group: &str, plural: &str) {
        self.resources.retain(|(in_group, _, named), _| in_group != group || named != plural);
    }

    /// The resource at an address.
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        self.resources.get(&(group.to_owned(), version.to_owned(), plural.to_owned())).cloned()
    }

    /// Everything served in one group and version.
    pub fn in_version(&self, group: &str, version: &str) -> Vec<Arc<Resource>> {
        let of = |resource: &&Arc<Resource>| resource.group == group && resource.version == version;
        self.resources.values().filter(of).cloned().collect()
    }

    /// All resources, each once per version.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.values()
    }

    /// All groups but core.
    pub fn groups(&self) -> BTreeSet<String> {
        let groups = self.resources.values().map(|resource| resource.group.clone());
        groups.filter(|group| !group.is_empty()).collect()
    }

    /// Versions of a group, the preferred one first.
    pub fn versions(&self, group: &str) -> Vec<String> {
        let of: BTreeSet<String> = self
            .resources
            .values()
            .filter(|resource| resource.group == group)
            .map(|resource| resource.version.clone())
            .collect();
        let mut versions: Vec<String> = of.into_iter().collect();
        versions.sort_by_key(|version| (Reverse(version_priority(version)), version.clone()));
        versions
    }
}

/// Orders `v2` before `v1` before `v1beta2` before `v1alpha1` before anything else.
fn version_priority(version: &str) -> (u8, u32, u32) {
    let parse = || {
        let rest = version.strip_prefix('v')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (major, stage) = rest.split_at(digits);
        let major: u32 = major.parse().ok()?;
        let staged = |name: &str| stage.strip_prefix(name).and_then(|minor| minor.parse::<u32>().ok());
        match (stage.is_empty(), staged("beta"), staged("alpha")) {
            (true, ..) => Some((3, major, 0)),
            (_, Some(minor), _) => Some((2, major, minor)),
            (_, _, Some(minor)) => Some((1, major, minor)),
            _ => None,
        }
    };
    parse().unwrap_or((0, 0, 0))
}
