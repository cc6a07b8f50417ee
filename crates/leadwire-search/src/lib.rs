//! leadwire-search
