//! A person takes over, answers live, gives back, closes; nobody speaks out of turn.

use plainbill::conversation::StaffId;
use plainbill::store::Role;
use serde_json::json;

use crate::house::{House, PATIENCE};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_it_answers_live_and_gives_it_back() {
    let house = House::open().await;
    let mut ben = house.staff("Ben", Role::Answers).await;
    let mut customer = house.customer("one-off-fee").await;
    customer.says("how much do I owe").await;
    customer.hears().await;
    customer.taps("talk_to_human").await;
    assert!(customer.hears().await.contains("next in line"));
    let queue = customer.frame_of("queue").await;
    assert_eq!(queue["place"], 1);
    assert!(queue["minutes"].as_u64().is_some());

    let (_, list) = ben.get("conversations?list=waiting").await;
    let row = &list["conversations"][0];
    assert_eq!(row["id"], customer.conversation.as_str());
    assert!(row["reason"].as_str().is_some_and(|it| it.contains("person")), "{row}");
    let (_, detail) = ben.get(&format!("conversations/{}", customer.conversation)).await;
    let understood = detail["events"].as_array().into_iter().flatten().find(|it| it["understood"].is_object());
    assert_eq!(understood.expect("the guess is there")["understood"]["guesses"][0]["intent"], "check_balance_due");
    assert!(detail["account"]["rows"].is_array());

    ben.takes(&customer.conversation).await;
    let taken = customer.sees_owner().await;
    assert_eq!(taken["owner"], "staff");
    assert!(taken["text"].as_str().is_some_and(|it| it.contains("Ben")), "{taken}");

    ben.send(json!({ "type": "watch", "conversation": customer.conversation, "after": 0 })).await;
    ben.send(json!({ "type": "typing", "conversation": customer.conversation, "on": true })).await;
    assert_eq!(customer.frame_of("typing").await["from"], "staff");
    customer.send(json!({ "type": "typing", "on": true })).await;
    assert_eq!(ben.frame_of("typing").await["on"], true);

    ben.replies(&customer.conversation, "I've looked: it was our engineer's visit.").await;
    let heard = customer.hears_event().await;
    assert_eq!((heard["from"].as_str(), heard["name"].as_str()), (Some("staff"), Some("Ben")));

    customer.says("thanks, what is the due date of my bill").await;
    customer.hears_nothing().await;

    let (status, _) = ben.post(&format!("conversations/{}/hand-back", customer.conversation), json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(customer.sees_owner().await["owner"], "bot");
    // What was said to the person is theirs; what comes now is the bot's.
    customer.hears_nothing().await;
    customer.says("when is my next bill due").await;
    let answer = customer.hears().await;
    assert!(answer.contains("due"), "{answer}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_has_not_seen_the_newest_message_is_refused_with_it() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let mut customer = house.customer("all-quiet").await;
    customer.taps("talk_to_human").await;
    customer.sees_owner().await;
    ben.takes(&customer.conversation).await;
    customer.sees_owner().await;
    let seen = customer.says("one thing").await;
    customer.says("no wait, another thing").await;
    let path = format!("conversations/{}/reply", customer.conversation);
    let (status, body) = ben.post(&path, json!({ "key": "a", "text": "Sure", "after": seen })).await;
    assert_eq!(status, 409);
    assert_eq!(body["events"][0]["text"], "no wait, another thing");
    let (status, _) = ben.post(&path, json!({ "key": "a", "text": "Sure", "after": seen + 1 })).await;
    assert_eq!(status, 200);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_take_it_at_once_one_has_it() {
    let house = House::open().await;
    let mut staff = Vec::new();
    for name in ["Ada", "Ben", "Cleo", "Dev"] {
        staff.push(house.staff(name, Role::Answers).await);
    }
    let mut customer = house.customer("all-quiet").await;
    customer.taps("talk_to_human").await;
    customer.sees_owner().await;
    let path = format!("conversations/{}/take", customer.conversation);
    let tries = staff.iter().map(|it| it.post(&path, json!({})));
    let results = futures_util::future::join_all(tries).await;
    assert_eq!(results.iter().filter(|it| it.0 == 200).count(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|it| it.0 == 409).count(), 3, "{results:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_only_read_cannot_take_answer_or_close() {
    let house = House::open().await;
    let reader = house.staff("Rae", Role::Reads).await;
    let mut customer = house.customer("all-quiet").await;
    customer.taps("talk_to_human").await;
    for verb in ["take", "hand-back", "close"] {
        let (status, body) = reader.post(&format!("conversations/{}/{verb}", customer.conversation), json!({})).await;
        assert_eq!((status, body["code"].as_str()), (403, Some("forbidden")), "{verb}");
    }
    assert_eq!(reader.get("conversations?list=waiting").await.0, 200);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_signing_in_nothing_of_the_console_answers() {
    let house = House::open().await;
    let http = reqwest::Client::new();
    for path in ["me", "conversations?list=waiting", "conversations/x", "causes"] {
        let response = http.get(format!("http://{}/api/v1/{path}", house.address)).send().await.expect("it answers");
        assert_eq!(response.status(), 401, "{path}");
    }
    for path in ["conversations/x/take", "conversations/x/reply", "causes/x", "content/reload"] {
        let request = http.post(format!("http://{}/api/v1/{path}", house.address));
        let origin = format!("http://{}", house.address);
        let response = request.header("origin", origin).json(&json!({})).send().await.expect("it answers");
        assert_eq!(response.status(), 401, "{path}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_cannot_act_for_staff() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let mut customer = house.customer("all-quiet").await;
    customer.taps("talk_to_human").await;
    for origin in [Some("https://evil.example"), None] {
        let mut request =
            ben.http.post(format!("http://{}/api/v1/conversations/{}/take", house.address, customer.conversation));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let response = request.header("cookie", &ben.cookie).json(&json!({})).send().await.expect("it answers");
        assert_eq!(response.status(), 403, "{origin:?}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_closes_the_open_socket() {
    let house = House::open().await;
    let mut ben = house.staff("Ben", Role::Answers).await;
    assert_eq!(ben.post("logout", json!({})).await.0, 204);
    let closed = async {
        use futures_util::StreamExt;
        while let Some(Ok(message)) = ben.socket.next().await {
            if message.is_close() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("the socket closes");
    assert_eq!(ben.get("me").await.0, 401);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_name_look_the_same() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let mut answers = Vec::new();
    for login in ["ben", "nobody-of-that-name"] {
        let request = ben.http.post(format!("http://{}/api/v1/login", house.address));
        let origin = format!("http://{}", house.address);
        let body = json!({ "login": login, "password": "wrong" });
        let response = request.header("origin", origin).json(&body).send().await.expect("it answers");
        answers.push((response.status(), response.text().await.expect("it has a body")));
    }
    assert_eq!(answers[0], answers[1]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_conversation_opens_again_when_the_customer_writes() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let mut customer = house.customer("all-quiet").await;
    customer.taps("talk_to_human").await;
    customer.sees_owner().await;
    ben.takes(&customer.conversation).await;
    let (status, _) = ben.post(&format!("conversations/{}/close", customer.conversation), json!({})).await;
    assert_eq!(status, 200);
    while customer.sees_owner().await["owner"] != "nobody" {}
    customer.says("how much do I owe").await;
    assert_eq!(customer.sees_owner().await["owner"], "bot");
    assert!(customer.hears().await.contains("owe"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_removed_colleague_had_waits_for_a_person_again_and_urgent_stays_urgent() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let cy = house.staff("Cy", Role::Answers).await;
    let mut customers = Vec::new();
    for text in ["I want to talk to a person", "there is a smell of gas and I can't breathe"] {
        let mut customer = house.visitor().await;
        customer.says(text).await;
        assert_eq!(customer.sees_owner().await["owner"], "queue");
        ben.takes(&customer.conversation).await;
        assert_eq!(customer.sees_owner().await["owner"], "staff");
        customers.push(customer);
    }
    house.app.store.remove_staff(&StaffId::new("staff-ben")).await.expect("he is there");
    for (customer, urgent) in customers.iter_mut().zip([false, true]) {
        let waits = customer.sees_owner().await;
        assert_eq!((&waits["owner"], waits["text"].is_string()), (&json!("queue"), true), "{waits}");
        let (_, detail) = cy.get(&format!("conversations/{}", customer.conversation)).await;
        assert_eq!(detail["row"]["urgent"], urgent, "{detail}");
        cy.takes(&customer.conversation).await;
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tells_of_a_danger_in_the_comment_to_a_rating_hears_what_to_do() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    customer.says("how much do I owe").await;
    customer.hears().await;
    customer.send(json!({ "type": "rate", "key": "r", "about": 2, "score": 1, "comment": "I want to die" })).await;
    let heard = customer.hears().await;
    assert!(heard.contains("116 123"), "{heard}");
    let ben = house.staff("Ben", Role::Answers).await;
    let (_, list) = ben.get("conversations?list=waiting").await;
    assert_eq!(list["conversations"][0]["urgent"], true, "{list}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urgent_words_to_a_person_say_of_nobody_that_they_have_joined_and_read_them() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let mut customer = house.customer("all-quiet").await;
    customer.says("how much do I owe").await;
    customer.hears().await;
    customer.taps("talk_to_human").await;
    customer.hears().await;
    ben.takes(&customer.conversation).await;
    customer.sees_owner().await;
    customer.says("I want to die").await;
    let heard = customer.hears_event().await;
    assert!(heard["text"].as_str().is_some_and(|it| it.contains("116 123")), "{heard}");
    let owner = customer.sees_owner().await;
    assert!(owner["text"].is_null(), "{owner}");
    house.close().await;
}
