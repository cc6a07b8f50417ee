//! leadwire-store
