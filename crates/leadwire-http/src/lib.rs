//! leadwire-http
