//! The one meaning of text.
use crate::entity::Contact;
use crate::search::Fields;
pub fn fields_of(_contact: &Contact) -> Fields {
    Fields::default()
}
