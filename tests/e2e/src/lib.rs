//! Everything here is in `tests/`: real API servers, real processes, real tools.
