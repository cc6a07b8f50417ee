//! Shapes of bodies that a type alone does not say, for the document.

use leadwire_core::limits::{CONDITIONS_MAX, LIST_LEN_MAX, NAME_BYTES_MAX, NOTE_BYTES_MAX, VALUES_MAX};
use leadwire_core::routing::Field;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::wire::{ConditionInput, Kind, RuleInput};
use crate::kit::id::Id;

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

/// The value of a condition: a scalar, or a list of scalars.
pub(super) fn condition_value() -> Schema {
    let scalar = |it: OneOfBuilder| it.item(short()).item(number()).item(ObjectBuilder::new().schema_type(Type::Boolean));
    let list = ArrayBuilder::new().items(scalar(OneOfBuilder::new())).min_items(Some(1)).max_items(Some(VALUES_MAX));
    Schema::from(scalar(OneOfBuilder::new()).item(list).item(null()).build())
}

/// One shape for each target, since each wants its own id.
impl PartialSchema for RuleInput {
    fn schema() -> RefOr<Schema> {
        let id_or_null = || OneOfBuilder::new().item(Id::schema()).item(null());
        let conditions = || {
            ArrayBuilder::new()
                .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
                .items(RefOr::<Schema>::Ref(Ref::from_schema_name("ConditionInput")))
                .max_items(Some(CONDITIONS_MAX))
        };
        let shape = |target: &str, wanted: &str| {
            let ids = ["user", "group", "brand", "flow"].into_iter().filter(|it| *it != wanted);
            let shape = ObjectBuilder::new()
                .schema_type(Type::Object)
                .property("target", ObjectBuilder::new().schema_type(Type::String).enum_values(Some([target])))
                .property("kind", RefOr::<Schema>::Ref(Ref::from_schema_name("Kind")))
                .property("order", ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(32767)))
                .property("conditions", conditions())
                .property(wanted, Id::schema());
            let shape = ids.fold(shape, |it, name| it.property(name, id_or_null()));
            ["target", "kind", "order", wanted].into_iter().fold(shape, ObjectBuilder::required)
        };
        let all = OneOfBuilder::new().item(shape("User", "user")).item(shape("Group", "group")).item(shape("Brand", "brand"));
        RefOr::T(Schema::from(all.description(Some("A PUT replaces every field: absent is null or empty")).build()))
    }
}

impl ToSchema for RuleInput {
    fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
        all.push((Kind::name().into_owned(), Kind::schema()));
        all.push((ConditionInput::name().into_owned(), ConditionInput::schema()));
        ConditionInput::schemas(all);
    }
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
