//! What the bot could not answer becomes a list that people can work through.

use plainbill::store::Role;
use serde_json::{Value, json};

use crate::house::{House, PATIENCE, StaffMember, copy};

/// The causes, once there is one for which `test` holds.
async fn causes(ben: &StaffMember, test: impl Fn(&Value) -> bool) -> Value {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let (_, body) = ben.get("causes").await;
        if body["causes"].as_array().is_some_and(|it| it.iter().any(&test)) {
            return body;
        }
        assert!(tokio::time::Instant::now() < until, "not among the causes: {body}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn misses_that_are_near_the_same_are_one_cause() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Manages).await;
    for text in ["do you sponsor local football clubs", "can you sponsor our local football club"] {
        let mut customer = house.customer("all-quiet").await;
        customer.says(text).await;
        customer.hears().await;
    }
    let body = causes(&ben, |it| it["count"] == 2).await;
    let cause = body["causes"].as_array().into_iter().flatten().find(|it| it["count"] == 2).expect("it is there");
    assert_eq!(cause["cost"], "£13.00");
    let question = &cause["questions"][0];
    assert_eq!(question["why"], "missed");
    assert!(question["guesses"].as_array().is_some_and(|it| !it.is_empty()));

    let id = cause["id"].as_str().expect("it has an id");
    let change = json!({ "name": "Sponsoring", "status": "closed" });
    let (status, body) = ben.post(&format!("causes/{id}"), change).await;
    assert_eq!((status, body["cause"]["name"].as_str()), (200, Some("Sponsoring")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thumb_down_and_a_staff_flag_record_the_question_behind_the_answer() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Answers).await;
    let mut customer = house.customer("one-off-fee").await;
    let asked = customer.says("why is my bill higher this month?").await;
    let answer = customer.hears_event().await["seq"].as_u64().expect("it has a seq");
    let key = customer.key();
    let frame = json!({ "type": "rate", "key": key, "about": answer, "score": 0, "comment": "that was not it" });
    customer.send(frame).await;
    customer.acked(&key).await;
    let (status, _) =
        ben.post(&format!("conversations/{}/flag", customer.conversation), json!({ "seq": answer })).await;
    assert_eq!(status, 204);
    let body = causes(&ben, |it| it["count"] == 2).await;
    let whys: Vec<&str> =
        (body["causes"][0]["questions"].as_array().into_iter().flatten()).filter_map(|it| it["why"].as_str()).collect();
    assert!(whys.contains(&"thumbs_down") && whys.contains(&"flagged"), "{whys:?}");
    assert_eq!(body["causes"][0]["questions"][0]["seq"].as_u64(), Some(asked));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_did_you_mean_records_what_was_asked_before_it() {
    let house = House::open().await;
    let mut customer = house.customer("all-quiet").await;
    // The words that the classifier is unsure about are content and may change: look for some that it is unsure of.
    for text in
        ["payments & bill", "invoice thing", "about the charge and the plan", "my account payment", "bill stuff"]
    {
        customer.says(text).await;
        let reply = customer.hears_event().await;
        let offered = reply["choices"].as_array().is_some_and(|it| it.iter().any(|it| it["id"] == "something_else"));
        // Beside three there is no room for "Something else": it is said.
        let asks = reply["text"].as_str().is_some_and(|it| it.starts_with("I'm not sure I've got that."));
        if asks {
            match offered {
                true => customer.taps("something_else").await,
                false => customer.says("none of these").await,
            };
            customer.hears().await;
            let filter = plainbill::store::QuestionFilter::default();
            let questions = house.app.store.questions(filter, 10).await.expect("they can be read");
            let refused = questions.iter().find(|it| it.why.as_str() == "refused").expect("it was recorded");
            assert_eq!(refused.text, text);
            house.close().await;
            return;
        }
        customer.taps("start_over").await;
        customer.hears().await;
    }
    panic!("the classifier was sure of everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suggestion_is_thanked_and_listed() {
    let house = House::open().await;
    let ben = house.staff("Ben", Role::Reads).await;
    let mut customer = house.customer("all-quiet").await;
    customer.says("your invoices are confusing, please show the dates on them").await;
    let text = customer.hears().await;
    assert!(text.to_lowercase().contains("thank"), "{text}");
    let (_, body) = ben.get("causes").await;
    assert_eq!(body["suggestions"][0]["why"], "suggestion", "{body}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_content_never_replaces_good_content() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy("intents".as_ref(), folder.path());
    let plan = crate::house::Plan { intents: folder.path().to_path_buf(), ..crate::house::Plan::default() };
    let house = House::with(plan).await;
    let ben = house.staff("Ben", Role::Manages).await;
    let file = folder.path().join("talk/greeting.toml");
    let good = std::fs::read_to_string(&file).expect("it is there");
    std::fs::write(&file, good.replace("examples", "exmaples")).expect("it can be written");
    let (_, body) = ben.post("content/reload", json!({})).await;
    assert_eq!(body["taken_over"], false);
    let mut customer = house.customer("one-off-fee").await;
    customer.says("why is my bill higher this month?").await;
    assert!(customer.hears().await.contains("£12.00 more"));
    std::fs::write(&file, good).expect("it can be written");
    let (_, body) = ben.post("content/reload", json!({})).await;
    assert_eq!(body["taken_over"], true);
    house.close().await;
}
