//! Whether the contexts that somebody names are in the kubeconfig. The services read it for real; here it is
//! read so that a mistake is told before anything starts, together with all others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use messina_service_runtime::ConfigErrors;
use serde::Deserialize;

/// The part of a kubeconfig that matters here.
#[derive(Deserialize)]
struct Kubeconfig {
    #[serde(default)]
    contexts: Option<Vec<Context>>,
}

#[derive(Deserialize)]
struct Context {
    name: String,
}

/// Notes files that cannot be read and contexts that are in none of them. `contexts` is by datacenter.
pub fn check(
    kubeconfig: Option<&Path>,
    contexts: &BTreeMap<String, Option<String>>,
    errors: &mut ConfigErrors,
) {
    let mut known = BTreeSet::new();
    let files = files(kubeconfig);
    if files.is_empty() {
        errors.add("--kubeconfig", "", "there is no kubeconfig in the usual places", "add --kubeconfig PATH");
        return;
    }
    for file in &files {
        match read(file) {
            Ok(contexts) => known.extend(contexts),
            Err(problem) => {
                let remedy = "name a kubeconfig that 'kubectl config get-contexts' can read";
                errors.add("--kubeconfig", file.display(), problem, remedy);
                return;
            }
        }
    }
    for (datacenter, context) in contexts {
        let Some(context) = context.as_ref().filter(|context| !known.contains(*context)) else { continue };
        let places: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
        let problem = format!("there is no context '{context}' in {}", places.join(", "));
        let remedy = match known.is_empty() {
            true => "add contexts to it, or name another file with --kubeconfig".to_owned(),
            false => format!("use one of {}", known.iter().cloned().collect::<Vec<_>>().join(", ")),
        };
        errors.add("--context", format!("{datacenter}={context}"), problem, remedy);
    }
}

/// The files that the services would read: the flag, else `KUBECONFIG`, else the one in the home folder.
fn files(kubeconfig: Option<&Path>) -> Vec<PathBuf> {
    if let Some(path) = kubeconfig {
        return vec![path.to_owned()];
    }
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let listed: Vec<_> = std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect();
    if !listed.is_empty() {
        return listed;
    }
    std::env::home_dir().map(|home| home.join(".kube").join("config")).into_iter().collect()
}

fn read(file: &Path) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))?;
    // What the parser says is left out: it may repeat the text, and that holds credentials.
    let documents: Vec<Kubeconfig> =
        serde_saphyr::from_multiple(&text).map_err(|_| "is not a kubeconfig".to_owned())?;
    let contexts = documents.into_iter().flat_map(|document| document.contexts.unwrap_or_default());
    Ok(contexts.map(|context| context.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "apiVersion: v1\nkind: Config\ncurrent-context: one\ncontexts:\n\
        - name: one\n  context: {cluster: c, user: u}\n- name: two\n  context: {cluster: c, user: u}\n\
        users:\n- name: u\n  user: {token: secret}\n";

    fn said(text: Option<&str>, context: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let mut errors = ConfigErrors::new();
        let contexts = BTreeMap::from([("east".to_owned(), Some(context.to_owned()))]);
        check(Some(&path), &contexts, &mut errors);
        if errors.is_empty() { String::new() } else { errors.to_string() }
    }

    #[test]
    fn a_context_of_the_file_is_accepted() {
        assert_eq!(said(Some(FILE), "two"), "");
        assert_eq!(said(Some(&format!("{FILE}---\ncontexts:\n- name: three\n")), "three"), "");
    }

    #[test]
    fn everything_else_is_a_mistake_with_its_way_out() {
        let unknown = said(Some(FILE), "three");
        assert!(
            unknown.contains("--context \"east=three\"") && unknown.contains("use one of one, two"),
            "{unknown}"
        );
        let gone = said(None, "one");
        assert!(gone.contains("--kubeconfig") && gone.contains("cannot be read"), "{gone}");
        let broken = said(Some("contexts: secret"), "one");
        assert!(broken.contains("is not a kubeconfig") && !broken.contains("secret"), "{broken}");
        assert!(said(Some("contexts: null\n"), "one").contains("name another file"), "no context at all");
    }
}
