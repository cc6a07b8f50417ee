//! Shapes of bodies that a type alone does not say, for the document.

use leadwire_core::limits::{LIST_LEN_MAX, NAME_BYTES_MAX, NOTE_BYTES_MAX};
use leadwire_core::routing::Field;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// The name of a routable field.
pub(super) fn routable() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Field::ALL.iter().map(|it| it.name())))
}

/// Where a lead goes: a channel, or a campaign e-mail.
pub(super) fn metadata() -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let channel = text().description(Some("Id or capture token of the channel"));
    let campaign = text().description(Some("Campaigns are not served: no such e-mail is ever found"));
    let with = |name: &str, it: ObjectBuilder| ObjectBuilder::new().schema_type(Type::Object).property(name, it).required(name);
    Schema::from(AnyOfBuilder::new().item(with("lead_channel", channel)).item(with("email_campaign_email", campaign)).build())
}

/// A lead as a form: the fields a form can say.
pub(crate) struct LeadForm;

impl PartialSchema for LeadForm {
    fn schema() -> RefOr<Schema> {
        let texts =
            ["first_name", "last_name", "email", "phone_number", "lead_source", "source_type", "address", "mlsid", "agent_mlsid", "listing_id"];
        let form = texts.into_iter().fold(ObjectBuilder::new().schema_type(Type::Object), |it, name| it.property(name, short()));
        let form = form.property("note", short().max_length(Some(NOTE_BYTES_MAX))).property("referer_url", short().max_length(Some(4096)));
        let list = || ArrayBuilder::new().items(short()).max_items(Some(LIST_LEN_MAX)).description(Some("Repeated, or parted by commas"));
        RefOr::T(Schema::Object(form.property("tag", list()).property("tags", list()).property("agent_emails", list()).build()))
    }
}

impl ToSchema for LeadForm {}

fn short() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).max_length(Some(NAME_BYTES_MAX))
}

fn number() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Number)
}

fn null() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Null)
}

/// The schema of an `Option<Loose>`.
pub(super) fn loose() -> Schema {
    Schema::from(OneOfBuilder::new().item(short()).item(number()).item(null()).build())
}

/// The schema of an `Option<Many<Name>>`.
pub(super) fn one_or_many() -> Schema {
    let many = ArrayBuilder::new().items(short()).max_items(Some(LIST_LEN_MAX));
    Schema::from(OneOfBuilder::new().item(short()).item(many).item(null()).build())
}

/// The schema of an `Option<Many<Loose>>`.
pub(super) fn one_or_many_loose() -> Schema {
    let many = ArrayBuilder::new().items(OneOfBuilder::new().item(short()).item(number())).max_items(Some(LIST_LEN_MAX));
    Schema::from(OneOfBuilder::new().item(short()).item(number()).item(many).item(null()).build())
}

/// The schema of an `Option<Listing>`.
pub(super) fn listing() -> Schema {
    let texts =
        ["street_dir_prefix", "street_name", "street_suffix", "street_dir_suffix", "city", "state_code", "country", "street_address", "full_address"];
    let address = texts.into_iter().fold(object(), |it, name| it.property(name, short_or_null()));
    let address = ["street_number", "unit_number", "postal_code"].into_iter().fold(address, |it, name| it.property(name, loose()));
    let listing = object().property("price", loose()).property("mls_number", loose()).property("mls", short_or_null());
    Schema::from(listing.property("property", object().property("address", address)).build())
}

fn object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
}

fn short_or_null() -> ObjectBuilder {
    short().schema_type(SchemaType::from_iter([Type::String, Type::Null]))
}
