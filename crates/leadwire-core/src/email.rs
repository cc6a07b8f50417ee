//! E-mail addresses, as they are compared.
/// A normalised address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);
impl Email {
    pub fn parse(_typed: &str) -> Option<Self> {
        None
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// From a stored normal form.
    pub fn from_normal(normal: String) -> Self {
        Self(normal)
    }
}
