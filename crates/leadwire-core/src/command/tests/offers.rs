//! Offers, and the leads of one thread.

use super::*;

#[test]
fn the_first_to_claim_owns_the_lead_and_the_others_hear_who_has_it() {
    let stage = Stage::new();
    stage.group(Distribution::FirstToClaim);
    let captured = stage.capture("a@x.test");
    let offer = stage.offer(&captured);
    assert_eq!(stage.conversation(&captured).offered_to, stage.users);
    assert_eq!(offer.expires_at, captured.lead.created_at.plus_secs(60));
    assert_eq!(stage.claim(offer.id, 1).unwrap().state, OfferState::Claimed { by: stage.users[1], at: captured.lead.created_at });
    assert_eq!(stage.conversation(&captured).owner, Some(stage.users[1]));
    assert_eq!(stage.claim(offer.id, 0).unwrap_err(), Refusal::Conflict(Conflict::Claimed(Some(stage.users[1]))));
    assert!(stage.claim(offer.id, 1).is_ok(), "the winner may ask again");
    let state = stage.state(&captured);
    assert_eq!((state.epoch, &state.state), (2, &RoutingState::Assigned { user: stage.users[1] }));
    assert_eq!(stage.decision(&captured).cause, Cause::Claim);
    let stranger = user(&stage.world, stage.admin, stage.brand(), "dan");
    let late = stage.world.write(stage.admin, ClaimOffer { id: offer.id, user: Some(stranger) });
    assert_eq!(refused(late), Refusal::Forbidden(Forbidden::NotInvited));
}

#[test]
fn at_the_instant_an_offer_expires_a_claim_loses_and_the_lead_is_in_the_inbox() {
    let stage = Stage::new();
    stage.group(Distribution::FirstToClaim);
    let captured = stage.capture("a@x.test");
    let offer = stage.offer(&captured);
    stage.world.advance_secs(60);
    assert_eq!((offer.state_at(offer.offered_at), offer.state_at(offer.expires_at)), (OfferState::Open, OfferState::Expired));
    assert_eq!(stage.claim(offer.id, 0).unwrap_err(), Refusal::OfferGone);
    assert_eq!(stage.state(&captured).state, RoutingState::Inbox { brand: stage.brand() });
    let conversation = stage.conversation(&captured);
    assert_eq!((conversation.owner, conversation.offer, conversation.offered_to.len()), (None, None, 0));
    assert_eq!(stage.claim(offer.id, 0).unwrap_err(), Refusal::OfferGone);
}

#[test]
fn an_offer_everybody_declines_ends_in_the_inbox() {
    let stage = Stage::new();
    stage.group(Distribution::FirstToClaim);
    let captured = stage.capture("a@x.test");
    let id = stage.offer(&captured).id;
    for (i, user) in stage.users.iter().enumerate() {
        let offer = stage.world.write(stage.admin, DeclineOffer { id, user: Some(*user) }).unwrap().unwrap().offer;
        assert_eq!(offer.state == OfferState::Declined, i == 2);
        assert!(!stage.conversation(&captured).offered_to.contains(user));
    }
    assert_eq!(stage.decision(&captured).outcome, Outcome::Inbox { brand: stage.brand(), reason: InboxReason::OfferDeclined });
    assert_eq!(stage.claim(id, 0).unwrap_err(), Refusal::OfferGone);
}

#[test]
fn a_second_inquiry_while_an_offer_stands_goes_where_the_offer_goes() {
    let stage = Stage::new();
    stage.group(Distribution::FirstToClaim);
    let first = stage.capture("a@x.test");
    let second = stage.try_capture(stage.admin, capture(stage.source, "a@x.test", "again")).unwrap();
    let offer = stage.offer(&first);
    assert_eq!(offer.leads, [first.lead.id, second.lead.id]);
    stage.claim(offer.id, 2).unwrap();
    for it in [&first, &second] {
        assert_eq!(stage.state(it).state, RoutingState::Assigned { user: stage.users[2] });
    }
}

#[test]
fn an_assignment_by_hand_ends_the_offer_and_the_late_claim_loses() {
    let stage = Stage::new();
    stage.group(Distribution::FirstToClaim);
    let captured = stage.capture("a@x.test");
    let offer = stage.offer(&captured);
    let assign = UpdateConversation { id: Some(captured.lead.conversation), owner: Some(Some(stage.users[0])), ..UpdateConversation::default() };
    stage.world.write(stage.admin, assign).unwrap();
    assert_eq!(stage.decision(&captured).outcome, Outcome::Assigned { user: stage.users[0], reason: AssignReason::Manual });
    assert_eq!(stage.claim(offer.id, 1).unwrap_err(), Refusal::Conflict(Conflict::Claimed(Some(stage.users[0]))));
    assert_eq!(stage.conversation(&captured).owner, Some(stage.users[0]));
}

#[test]
fn an_offer_of_many_leads_ends_whichever_way_it_ends() {
    for end in 0..4 {
        let stage = Stage::new();
        stage.group(Distribution::FirstToClaim);
        let leads: Vec<Captured> =
            (0..40).map(|i| stage.try_capture(stage.admin, capture(stage.source, "a@x.test", &format!("note {i}"))).unwrap()).collect();
        let offer = stage.offer(&leads[0]);
        let id = leads[0].lead.conversation;
        match end {
            0 => drop(stage.claim(offer.id, 1).unwrap()),
            1 => {
                stage.world.advance_secs(60);
                stage.try_capture(stage.admin, capture(stage.source, "a@x.test", "late")).unwrap();
            }
            2 => {
                let assign = UpdateConversation { id: Some(id), owner: Some(Some(stage.users[0])), ..UpdateConversation::default() };
                stage.world.write(stage.admin, assign).unwrap();
            }
            _ => stage.world.write(stage.admin, DeleteConversation { id, if_match: None }).unwrap(),
        }
        let ended = stage.world.one::<Offer>(stage.agency, &offer.id).unwrap();
        assert_ne!(ended.state, OfferState::Open, "end {end}");
        let still = |it: &&Captured| stage.state(it).state == RoutingState::Offered { offer: offer.id };
        assert_eq!(leads.iter().filter(still).count(), 0, "end {end}");
    }
}

#[test]
fn the_leads_of_a_thread_go_where_the_thread_goes() {
    let stage = Stage::new();
    stage.group(Distribution::RoundRobin);
    let first = stage.capture("a@x.test");
    let second = stage.try_capture(stage.admin, capture(stage.source, "a@x.test", "again")).unwrap();
    let natural = |note: &str| Capture { sameness: Sameness::Natural("N-1".to_owned()), ..capture(stage.source, "a@x.test", note) };
    stage.try_capture(stage.admin, natural("one")).unwrap();
    let closed = stage.try_capture(stage.admin, natural("two")).unwrap();
    let assign = UpdateConversation { id: Some(first.lead.conversation), owner: Some(Some(stage.users[2])), ..UpdateConversation::default() };
    stage.world.write(stage.admin, assign).unwrap();
    for it in [&first, &second] {
        assert_eq!(stage.state(it).state, RoutingState::Assigned { user: stage.users[2] });
    }
    assert_eq!(stage.state(&closed).state, RoutingState::Closed, "a duplicate stays closed");
}

#[test]
fn a_contacts_leads_stand_in_a_line_that_outlives_its_threads() {
    let stage = Stage::new();
    let first = stage.capture("a@x.test");
    let second = stage.try_capture(stage.admin, capture(stage.source, "a@x.test", "two")).unwrap();
    stage.world.write(stage.admin, DeleteConversation { id: first.lead.conversation, if_match: None }).unwrap();
    let third = stage.try_capture(stage.admin, capture(stage.source, "a@x.test", "three")).unwrap();
    assert_eq!((first.lead.previous, second.lead.previous, third.lead.previous), (None, Some(first.lead.id), Some(second.lead.id)));
    let store: &dyn crate::port::Store = &stage.world;
    let asker = crate::read::asker(store, stage.admin).unwrap();
    let page = |before, limit| {
        let page = crate::testing::block_on(crate::read::leads::leads(store, &asker, Some(first.lead.contact), None, before, limit)).unwrap();
        (page.rows.iter().map(|it| it.lead.id).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(page(None, 9), (vec![third.lead.id, second.lead.id, first.lead.id], None));
    assert_eq!(page(None, 2), (vec![third.lead.id, second.lead.id], Some(second.lead.id)));
    assert_eq!(page(Some(second.lead.id), 2), (vec![first.lead.id], None));
}
