//! gRPC bindings of Messina's services, and what they mean in domain terms.
//!
//! The protos under `messina/` are the source; the bindings in `src/generated` are checked in, so that a
//! build needs neither protoc nor a build script. [`convert`] is the one place that knows both a message
//! and the domain type behind it.

pub mod carried;
pub mod convert;

/// Package `messina.watch`.
pub mod watch {
    /// Package `messina.watch.v1`.
    #[allow(
        missing_docs,
        clippy::all,
        clippy::too_many_lines,
        clippy::indexing_slicing,
        reason = "generated"
    )]
    pub mod v1 {
        include!("generated/messina.watch.v1.rs");
    }
}

/// Package `messina.registration`.
pub mod registration {
    /// Package `messina.registration.v1`.
    #[allow(
        missing_docs,
        clippy::all,
        clippy::too_many_lines,
        clippy::indexing_slicing,
        reason = "generated"
    )]
    pub mod v1 {
        include!("generated/messina.registration.v1.rs");
    }
}

/// Package `messina.task`.
pub mod task {
    /// Package `messina.task.v1`.
    #[allow(
        missing_docs,
        clippy::all,
        clippy::too_many_lines,
        clippy::indexing_slicing,
        reason = "generated"
    )]
    pub mod v1 {
        include!("generated/messina.task.v1.rs");
    }
}

/// Package `messina.token`.
pub mod token {
    /// Package `messina.token.v1`.
    #[allow(
        missing_docs,
        clippy::all,
        clippy::too_many_lines,
        clippy::indexing_slicing,
        reason = "generated"
    )]
    pub mod v1 {
        include!("generated/messina.token.v1.rs");
    }
}

/// Descriptor set of all packages, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.bin");
