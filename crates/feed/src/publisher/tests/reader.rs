//! A reader that is as simple as can be: what the feed's messages mean, written down a second time.

use std::collections::BTreeMap;

use messina_control_api::watch::v1 as wire;
use wire::watch_response::Response;

use crate::key::Key;

/// UID and generation by key.
pub(super) type Objects = BTreeMap<Key, (String, i64)>;

/// One message in words.
pub(super) fn in_words(message: &wire::WatchResponse) -> String {
    let object = |object: &wire::Object| {
        let key = object.key.clone().unwrap();
        format!("{} {}.{}", key.name, object.uid, object.generation)
    };
    let what = match message.response.as_ref().unwrap() {
        Response::Start(start) if start.resumed => "start resumed".to_owned(),
        Response::Start(_) => "start".to_owned(),
        Response::Snapshot(carried) => format!("snapshot {}", object(carried.object())),
        Response::Upsert(carried) => format!("upsert {}", object(carried.object())),
        Response::Remove(gone) => {
            let sure = if gone.confirmed { "removed" } else { "lost" };
            format!("{sure} {} {}", gone.key.clone().unwrap().name, gone.uid)
        }
        Response::Synced(_) => "synced".to_owned(),
        Response::Bookmark(_) => "bookmark".to_owned(),
    };
    format!("{}: {what}", message.revision)
}

/// What one reader made of everything that it was sent.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) objects: Objects,
    pub(super) token: Option<wire::ResumeToken>,
    /// Every confirmed removal that it ever saw.
    pub(super) removed: Vec<(Key, String)>,
    staged: Option<(String, Objects)>,
    last: u64,
    pub(super) synced: bool,
}

impl Reader {
    pub(super) fn open(&mut self) {
        (self.staged, self.synced, self.last) = (None, false, 0);
    }

    pub(super) fn take(&mut self, message: &wire::WatchResponse) {
        let live = self.staged.is_none();
        match message.response.as_ref().unwrap() {
            Response::Start(start) => {
                assert_eq!(start.resumed, start.resumed && self.token.is_some());
                self.staged = (!start.resumed).then(|| (start.epoch.clone(), Objects::new()));
                return;
            }
            Response::Snapshot(carried) => {
                let (key, state) = state(carried.object());
                assert_eq!(self.staged.as_mut().unwrap().1.insert(key, state), None, "sent twice");
            }
            Response::Upsert(carried) => {
                let (key, state) = state(carried.object());
                let before = self.objects.insert(key, state.clone());
                assert!(live, "a change within a snapshot");
                assert!(before.is_none_or(|(uid, _)| uid == state.0), "a change of identity was not told");
            }
            Response::Remove(gone) => {
                let key = Key::read(gone.key.as_ref().unwrap()).unwrap();
                if gone.confirmed {
                    self.removed.push((key.clone(), gone.uid.clone()));
                }
                if live {
                    self.objects.remove(&key);
                }
            }
            Response::Synced(_) => {
                if let Some((epoch, objects)) = self.staged.take() {
                    self.objects = objects;
                    self.token = Some(wire::ResumeToken { epoch, revision: message.revision });
                }
                self.synced = true;
            }
            Response::Bookmark(_) => assert!(self.synced),
        }
        if live {
            let again = matches!(message.response, Some(Response::Bookmark(_) | Response::Synced(_)));
            assert!(message.revision > self.last || again && message.revision >= self.last, "out of order");
            self.last = message.revision;
            let token = self.token.as_mut().unwrap();
            token.revision = token.revision.max(message.revision);
        }
    }
}

fn state(object: &wire::Object) -> (Key, (String, i64)) {
    (Key::read(object.key.as_ref().unwrap()).unwrap(), (object.uid.clone(), object.generation))
}
