//! Links to pages that billing hosts: they are addresses of our own, lead to a fresh page, and stand in no log.

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::date;
use plainbill::billing::Billing;
use plainbill::billing::http::Http;
use plainbill::config::Limits;
use plainbill::conversation::ConversationId;
use plainbill::store::Role;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::house::{Between, Customer, House, OPEN, Plan, instead};
use crate::reference::{Mode, Reference};
use crate::stripe_shapes::{BASIL, Fixed};

/// Asks for something without following where it leads.
pub async fn asks(method: Method, link: &str, header: (&str, &str)) -> Response {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    http.request(method, link).header(header.0, header.1).send().await.expect("the house answers")
}

pub async fn follows(link: &str) -> Response {
    asks(Method::GET, link, ("accept", "text/html")).await
}

/// The link in what was said.
pub fn link_in(said: &str) -> &str {
    let place = said.find("http://").unwrap_or_else(|| panic!("no link in: {said}"));
    let rest = &said[place..];
    let end = rest.find([' ', '\n']).unwrap_or(rest.len());
    rest[..end].trim_end_matches(['.', ',', ':'])
}

fn leads_to(answer: &Response) -> &str {
    answer.headers().get("location").map_or("", |it| it.to_str().expect("plain text"))
}

async fn house(between: Option<Between>) -> House {
    House::with(Plan { between, ..Plan::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_the_chat_leads_to_a_fresh_page_of_every_source_and_no_page_is_kept() {
    let (stripe, reference) = (Fixed::start(BASIL).await, Reference::start(date(2026, 6, 16)).await);
    let stripe: Arc<dyn Billing> = Arc::new(stripe.source());
    let http: Arc<dyn Billing> = Arc::new(Http::new(&reference.config(), &Limits::default()).expect("it is right"));
    for (customer, between, page) in [
        ("bill-late", None, "/demo/portal/change-method?customer=bill-late"),
        ("cus_wren", instead(stripe), "https://billing.example/p/session/bps_1"),
        ("bill-late", instead(http), "https://pay.shop.example/bill-late"),
    ] {
        let house = house(between).await;
        let mut customer = house.customer(customer).await;
        customer.says("I want to change my card").await;
        let said = customer.hears().await;
        let link = link_in(&said).to_owned();
        assert!(link.starts_with(&format!("http://{}/go/", house.address)), "{said}");
        for _ in 0..2 {
            let answer = follows(&link).await;
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            assert!(leads_to(&answer).ends_with(page), "{answer:?}");
            let header = |name: &str| answer.headers()[name].to_str().expect("plain text");
            assert_eq!((header("referrer-policy"), header("cache-control")), ("no-referrer", "no-store"));
        }
        // Asked once more, the same answer has a link again: the first may have ended.
        customer.says("I want to change my card").await;
        assert!(customer.hears().await.contains("/go/"));

        let staff = house.staff("Ben", Role::Answers).await;
        let (_, detail) = staff.get(&format!("conversations/{}", customer.conversation)).await;
        assert!(detail.to_string().contains("[link]") && !detail.to_string().contains("/go/"), "{detail}");
        let data = house.data.clone();
        house.close().await;
        let kept = std::fs::read(data.path().join("plainbill.db")).expect("the store is one file");
        let has = |text: &str| kept.windows(text.len()).any(|it| it == text.as_bytes());
        assert!(has("[link]") && !has(page) && !has("/go/") && !has("bps_1"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_with_its_time_and_with_its_customer_on_the_page() {
    let house = house(None).await;
    let mut ana = house.customer("bill-late").await;
    ana.says("I want to change my card").await;
    let link = link_in(&ana.hears().await).to_owned();
    let opened: jiff::Zoned = OPEN.parse().expect("the play's time is right");
    let minutes = house.app.config.limits.page_minutes;
    house.app.clock.set((&opened + minutes.minutes()).timestamp());
    let ended = follows(&link).await;
    assert_eq!((ended.status(), leads_to(&ended)), (StatusCode::NOT_FOUND, ""));
    let page = ended.text().await.expect("a page");
    assert!(page.contains("This link no longer works") && page.contains("Fernhill Fibre"), "{page}");

    // Whoever comes back to the chat reads the same words, and with a link that works where it is shown again who they are.
    let mut unproved = ana.comes_back(house.address, 0).await;
    assert!(!unproved.hears().await.contains("http://"), "the secret alone opens no page of the account");
    let mut again = Customer::connect(house.address, None).await;
    let mut hello = json!({ "type": "hello", "conversation": ana.conversation, "resume": ana.resume, "after": 0 });
    hello["identity"] = house.token("bill-late").into();
    again.send(hello).await;
    again.welcomed().await;
    let link = link_in(&again.hears().await).to_owned();
    assert_eq!(follows(&link).await.status(), StatusCode::SEE_OTHER);

    // Somebody else signs in on the page.
    ana.send(json!({ "type": "identify", "token": house.token("price-rise") })).await;
    ana.welcomed().await;
    assert_eq!(follows(&link).await.status(), StatusCode::NOT_FOUND);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_look_ahead_and_links_that_are_made_up_ask_billing_nothing() {
    let reference = Reference::start(date(2026, 6, 16)).await;
    let billing = Arc::new(Http::new(&reference.config(), &Limits::default()).expect("it is right"));
    let plan = Plan::default();
    let limits = Limits { messages_per_minute: 5, ..plan.limits.clone() };
    let house = House::with(Plan { between: instead(billing), limits, ..plan }).await;
    let mut customer = house.customer("bill-late").await;
    customer.says("I want to change my card").await;
    let link = link_in(&customer.hears().await).to_owned();
    let n_asked = reference.n_asked();
    for (method, header) in [
        (Method::HEAD, ("accept", "*/*")),
        (Method::GET, ("sec-purpose", "prefetch;prerender")),
        (Method::GET, ("purpose", "prefetch")),
    ] {
        let answer = asks(method, &link, header).await;
        assert_eq!((answer.status(), leads_to(&answer)), (StatusCode::SERVICE_UNAVAILABLE, ""));
    }
    let unknown = format!("http://{}/go/{}", house.address, "A".repeat(50));
    assert_eq!(follows(&unknown).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(reference.n_asked(), n_asked);

    // Billing is away: a page of ours says so.
    reference.is(Mode::Down);
    let away = follows(&link).await;
    assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(away.text().await.expect("a page").contains("We can&#39;t open that page right now"));
    reference.is(Mode::Works);
    assert_eq!(follows(&link).await.status(), StatusCode::SEE_OTHER);

    // One message, and links followed: no more than messages from one address may do.
    let n_asked = reference.n_asked();
    while follows(&unknown).await.status() != StatusCode::TOO_MANY_REQUESTS {}
    let answer = follows(&link).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(reference.n_asked(), n_asked);
    let log = house.app.store.events(&ConversationId::new(&customer.conversation), 0, 10).await.expect("it is there");
    assert_eq!(log.iter().filter(|it| format!("{it:?}").contains("pay.shop.example")).count(), 0);
    house.close().await;
}
