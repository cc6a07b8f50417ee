//! Refusals and faults of the core, as errors of a command line.

use leadwire_core::port::Failure;

/// For whoever runs a verb outside of a request.
pub fn explain(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Refused(refusal) => anyhow::anyhow!("{refusal}"),
        Failure::Fault(fault) => fault.into(),
    }
}
