//! What was said in a conversation, by whom and by which way.

use std::sync::Arc;

use super::Profile;
use crate::Time;
use crate::id::{BotId, ConversationId, LeadId, MessageId, SourceId, UserId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    Inbound,
    Outbound,
}

/// Who caused an outbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    Automated,
    Manual,
}

/// A message. Its text never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: MessageId,
    pub version: u64,
    pub created_at: Time,
    pub conversation: ConversationId,
    /// When it was said; an import may lie before `created_at`.
    pub at: Time,
    pub kind: MessageType,
    pub direction: Direction,
    pub body: Arc<str>,
    pub bot: Option<BotId>,
    pub user: Option<UserId>,
    pub source: Option<SourceId>,
    /// The captured lead this message stands for.
    pub lead: Option<LeadId>,
    pub profile: Profile,
}

impl Message {
    /// A bot's message is automated, any other outbound one manual.
    pub fn action(&self) -> Option<Action> {
        match (self.direction, self.bot) {
            (Direction::Inbound, _) => None,
            (Direction::Outbound, Some(_)) => Some(Action::Automated),
            (Direction::Outbound, None) => Some(Action::Manual),
        }
    }
}

macro_rules! message_types {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// What kind of message. Names and order are HighLevel's published enum, plus `TYPE_NO_SHOW`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum MessageType { $($variant),* }

        impl MessageType {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// As in `TYPE_SMS`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

message_types! {
    Call = "TYPE_CALL",
    Sms = "TYPE_SMS",
    Rcs = "TYPE_RCS",
    Email = "TYPE_EMAIL",
    SmsReviewRequest = "TYPE_SMS_REVIEW_REQUEST",
    Webchat = "TYPE_WEBCHAT",
    SmsNoShowRequest = "TYPE_SMS_NO_SHOW_REQUEST",
    CampaignSms = "TYPE_CAMPAIGN_SMS",
    CampaignCall = "TYPE_CAMPAIGN_CALL",
    CampaignEmail = "TYPE_CAMPAIGN_EMAIL",
    CampaignVoicemail = "TYPE_CAMPAIGN_VOICEMAIL",
    Facebook = "TYPE_FACEBOOK",
    CampaignFacebook = "TYPE_CAMPAIGN_FACEBOOK",
    CampaignManualCall = "TYPE_CAMPAIGN_MANUAL_CALL",
    CampaignManualSms = "TYPE_CAMPAIGN_MANUAL_SMS",
    Gmb = "TYPE_GMB",
    CampaignGmb = "TYPE_CAMPAIGN_GMB",
    Review = "TYPE_REVIEW",
    Instagram = "TYPE_INSTAGRAM",
    Whatsapp = "TYPE_WHATSAPP",
    CustomSms = "TYPE_CUSTOM_SMS",
    CustomEmail = "TYPE_CUSTOM_EMAIL",
    CustomProviderSms = "TYPE_CUSTOM_PROVIDER_SMS",
    CustomProviderEmail = "TYPE_CUSTOM_PROVIDER_EMAIL",
    IvrCall = "TYPE_IVR_CALL",
    ActivityContact = "TYPE_ACTIVITY_CONTACT",
    ActivityInvoice = "TYPE_ACTIVITY_INVOICE",
    ActivityPayment = "TYPE_ACTIVITY_PAYMENT",
    ActivityOpportunity = "TYPE_ACTIVITY_OPPORTUNITY",
    LiveChat = "TYPE_LIVE_CHAT",
    LiveChatInfoMessage = "TYPE_LIVE_CHAT_INFO_MESSAGE",
    ActivityAppointment = "TYPE_ACTIVITY_APPOINTMENT",
    FacebookComment = "TYPE_FACEBOOK_COMMENT",
    InstagramComment = "TYPE_INSTAGRAM_COMMENT",
    CustomCall = "TYPE_CUSTOM_CALL",
    InternalComment = "TYPE_INTERNAL_COMMENT",
    ActivityEmployeeActionLog = "TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG",
    Tiktok = "TYPE_TIKTOK",
    TiktokComment = "TYPE_TIKTOK_COMMENT",
    ActivityWhatsapp = "TYPE_ACTIVITY_WHATSAPP",
    FormSubmission = "TYPE_FORM_SUBMISSION",
    SmsReaction = "TYPE_SMS_REACTION",
    NoShow = "TYPE_NO_SHOW",
}
