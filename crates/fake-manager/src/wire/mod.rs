//! The JSON dialect of the real server: how it reads requests and how it writes answers.

pub mod decode;
pub mod duration;
pub mod encode;
pub mod time;
