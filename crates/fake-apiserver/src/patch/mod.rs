//! The patch formats other than server-side apply.

mod json;
mod merge;
mod strategic;

pub use json::{JsonPatchError, apply_json_patch};
pub use merge::apply_merge_patch;
pub use strategic::apply_strategic_patch;
