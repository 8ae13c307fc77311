//! Everything here is in `tests/`: what the control plane costs, counted rather than timed.
