//! Which file is part of which compilation, and what modules are called.

use std::collections::{BTreeMap, VecDeque};

use syn::visit::{self, Visit};

use crate::packages::Root;
use crate::tree::{File, folder_of, follow, name_of};

/// Names that say where something was put rather than what it knows.
pub const FORBIDDEN: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "stuff"];

/// What the modules of some compilations reach.
#[derive(Debug, Default)]
pub struct Reached {
    /// Paths of files, and whether they are shipped, i.e. reached by a library or program outside `cfg(test)`.
    pub files: BTreeMap<String, bool>,
    /// Files that could not be read as Rust.
    pub unreadable: Vec<String>,
}

/// A file on the way, with what its place in the module tree means for the files that it declares.
struct Visited {
    path: String,
    shipped: bool,
    /// Whether its modules lie beside it (a crate root, `mod.rs`, a `#[path]`) or in a folder of its name.
    owns_its_folder: bool,
}

/// Follows `mod` and `include!` from `roots` through `sources`.
pub fn reach(sources: &[File], roots: &[Root]) -> Reached {
    let texts: BTreeMap<&str, &str> =
        sources.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let mut reached = Reached::default();
    let mut ahead: VecDeque<Visited> = roots
        .iter()
        .map(|root| Visited { path: root.path.clone(), shipped: root.shipped, owns_its_folder: true })
        .collect();
    while let Some(file) = ahead.pop_front() {
        let known = reached.files.get(&file.path);
        let nothing_new = known.is_some_and(|shipped| *shipped || !file.shipped);
        let Some(text) = texts.get(file.path.as_str()).filter(|_| !nothing_new) else { continue };
        reached.files.insert(file.path.clone(), file.shipped);
        match syn::parse_file(text) {
            Ok(syntax) => ahead.extend(declared_by(&file, &syntax)),
            Err(error) => reached.unreadable.push(format!("{}: cannot be read as Rust: {error}", file.path)),
        }
    }
    reached
}

fn declared_by(file: &Visited, syntax: &syn::File) -> Vec<Visited> {
    let mut declarations = Declarations { file, inside: Vec::new(), in_tests: false, found: Vec::new() };
    declarations.visit_file(syntax);
    declarations.found
}

/// Collects the files that one file declares.
struct Declarations<'a> {
    file: &'a Visited,
    /// Names of the inline modules around the place that is looked at.
    inside: Vec<String>,
    in_tests: bool,
    found: Vec<Visited>,
}

impl Declarations<'_> {
    /// Both places are named; the one that does not exist is never read.
    fn declare(&mut self, module: &syn::ItemMod, name: &str, shipped: bool) {
        let folder = folder_of(&self.file.path);
        let own = if self.file.owns_its_folder {
            folder.to_owned()
        } else {
            self.file.path.strip_suffix(".rs").unwrap_or(&self.file.path).to_owned()
        };
        let base = std::iter::once(own).chain(self.inside.iter().cloned()).collect::<Vec<_>>().join("/");
        let places = match path_attribute(&module.attrs) {
            Some(path) if self.inside.is_empty() => vec![(follow(folder, &path), true)],
            Some(path) => vec![(follow(&base, &path), true)],
            None => vec![
                (follow(&base, &format!("{name}.rs")), false),
                (follow(&base, &format!("{name}/mod.rs")), true),
            ],
        };
        self.found.extend(places.into_iter().filter_map(|(path, owns_its_folder)| {
            path.map(|path| Visited { path, shipped, owns_its_folder })
        }));
    }
}

impl<'ast> Visit<'ast> for Declarations<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let name = module.ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name).to_owned();
        let in_tests = self.in_tests || is_for_tests(&module.attrs);
        if module.content.is_none() {
            self.declare(module, &name, self.file.shipped && !in_tests);
            return;
        }
        let outer = std::mem::replace(&mut self.in_tests, in_tests);
        self.inside.push(name);
        visit::visit_item_mod(self, module);
        self.inside.pop();
        self.in_tests = outer;
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if call.path.is_ident("include")
            && let Ok(path) = call.parse_body::<syn::LitStr>()
            && let Some(path) = follow(folder_of(&self.file.path), &path.value())
        {
            let shipped = self.file.shipped && !self.in_tests;
            self.found.push(Visited { path, shipped, owns_its_folder: true });
        }
    }
}

fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find(|attribute| attribute.path().is_ident("path")).and_then(|attribute| {
        match &attribute.meta {
            syn::Meta::NameValue(syn::MetaNameValue {
                value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }),
                ..
            }) => Some(path.value()),
            _ => None,
        }
    })
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

/// Files inside `folders` (those of packages) that no compilation reaches, and files that are no Rust.
pub fn orphans(sources: &[File], roots: &[Root], folders: &[String]) -> Vec<String> {
    let reached = reach(sources, roots);
    let in_a_package =
        |file: &&File| folders.iter().any(|folder| file.path.starts_with(&format!("{folder}/")));
    let mut violations = reached.unreadable;
    violations.extend(
        sources
            .iter()
            .filter(in_a_package)
            .filter(|file| !reached.files.contains_key(&file.path))
            .map(|file| format!("{}: no `mod` leads to it, so it is never compiled", file.path)),
    );
    violations
}

/// Files, folders and inline modules with a forbidden name.
pub fn forbidden_names(file: &File) -> Vec<String> {
    let mut violations: Vec<String> = file
        .path
        .split('/')
        .map(|part| part.strip_suffix(".rs").unwrap_or(part))
        .filter(|part| FORBIDDEN.contains(part))
        .map(|part| format!("{}: `{part}` says nothing", file.path))
        .collect();
    let mut inline = InlineModules::default();
    if let Ok(syntax) = syn::parse_file(&file.text) {
        inline.visit_file(&syntax);
    }
    violations.extend(
        inline
            .names
            .iter()
            .filter(|name| FORBIDDEN.contains(&name.as_str()))
            .map(|name| format!("{}: `mod {name}` in it says nothing", name_of(&file.path))),
    );
    violations
}

#[derive(Default)]
struct InlineModules {
    names: Vec<String>,
}

impl<'ast> Visit<'ast> for InlineModules {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            self.names.push(module.ident.to_string());
        }
        visit::visit_item_mod(self, module);
    }
}

#[cfg(test)]
mod tests;
