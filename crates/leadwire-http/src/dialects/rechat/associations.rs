//! `associations`: which parts of an answer are shown whole.
//!
//! A name is `<model>.<field>` and holds wherever that model occurs in the answer. The vendor's pages print the names
//! joined by commas, its clients repeat `associations[]=…`; both are read, and plain repeats. Unknown names and
//! repetitions mean nothing, so a client of a newer vendor keeps working.

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Associations {
    pub(super) rule_conditions: bool,
    pub(super) rule_user: bool,
    pub(super) rule_brand: bool,
    pub(super) rule_group: bool,
    pub(super) rule_flow: bool,
    /// Not the vendor's.
    pub(super) group_members: bool,
    /// Not the vendor's.
    pub(super) member_user: bool,
}

impl Associations {
    /// From a query string as it came, without its question mark.
    pub(super) fn parse(query: Option<&str>) -> Self {
        let mut asked = Self::default();
        let pairs: Vec<(String, String)> = serde_html_form::from_str(query.unwrap_or_default()).unwrap_or_default();
        for (key, value) in &pairs {
            if is_associations(key) {
                value.split(',').for_each(|name| asked.ask(name.trim()));
            }
        }
        asked
    }

    fn ask(&mut self, name: &str) {
        match name {
            "lead_channel_rule.conditions" => self.rule_conditions = true,
            "lead_channel_rule.user" => self.rule_user = true,
            "lead_channel_rule.brand" => self.rule_brand = true,
            "lead_channel_rule.group" => self.rule_group = true,
            "lead_channel_rule.flow" => self.rule_flow = true,
            "lead_routing_group.members" => self.group_members = true,
            "lead_routing_group_member.user" => self.member_user = true,
            _ => {}
        }
    }
}

/// `associations`, `associations[]`, and with a number between the brackets.
fn is_associations(key: &str) -> bool {
    let Some(rest) = key.strip_prefix("associations") else { return false };
    rest.is_empty() || rest.strip_prefix('[').and_then(|it| it.strip_suffix(']')).is_some_and(|it| it.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> Associations {
        Associations { rule_conditions: true, rule_user: true, ..Associations::default() }
    }

    #[test]
    fn names_may_be_joined_by_commas() {
        assert_eq!(Associations::parse(Some("associations=lead_channel_rule.conditions,lead_channel_rule.user")), both());
        assert_eq!(Associations::parse(Some("associations=lead_channel_rule.conditions%2C%20lead_channel_rule.user")), both());
    }

    #[test]
    fn the_key_may_be_repeated_with_brackets_numbers_or_plain() {
        for query in [
            "associations[]=lead_channel_rule.conditions&associations[]=lead_channel_rule.user",
            "associations%5B%5D=lead_channel_rule.conditions&associations%5B%5D=lead_channel_rule.user",
            "associations[0]=lead_channel_rule.conditions&associations[1]=lead_channel_rule.user",
            "associations=lead_channel_rule.conditions&start=0&associations=lead_channel_rule.user",
            "associations[]=lead_channel_rule.user,lead_channel_rule.conditions&associations=lead_channel_rule.user",
        ] {
            assert_eq!(Associations::parse(Some(query)), both(), "{query}");
        }
    }

    #[test]
    fn unknown_names_and_other_keys_mean_nothing() {
        for query in [
            "associations=lead_channel_rule.everything,,brand.parents",
            "association=lead_channel_rule.user",
            "associations[x]=lead_channel_rule.user",
            "",
        ] {
            assert_eq!(Associations::parse(Some(query)), Associations::default(), "{query}");
        }
        assert_eq!(Associations::parse(None), Associations::default());
    }

    #[test]
    fn each_name_asks_for_its_own_part() {
        let names = [
            "lead_channel_rule.conditions",
            "lead_channel_rule.user",
            "lead_channel_rule.brand",
            "lead_channel_rule.group",
            "lead_channel_rule.flow",
            "lead_routing_group.members",
            "lead_routing_group_member.user",
        ];
        let mut seen = Vec::new();
        for name in names {
            let asked = Associations::parse(Some(&format!("associations={name}")));
            assert_ne!(asked, Associations::default(), "{name}");
            assert!(!seen.contains(&asked), "{name}");
            seen.push(asked);
        }
    }
}
