//! The demo shop's own pages, which stand in for those that billing hosts.

use plainbill::billing::Purpose;
use plainbill::conversation::CustomerId;
use reqwest::StatusCode;

use crate::house::House;

/// The value of a hidden field of a page.
fn field<'a>(page: &'a str, name: &str) -> &'a str {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("the page has the field");
    after.split('"').next().expect("the value ends")
}

#[tokio::test]
async fn a_bill_is_paid_on_the_shops_page_once_however_often_the_button_is_pressed() {
    let house = House::open().await;
    let id = CustomerId::new("paused-for-nonpayment");
    let link = house.app.billing.portal(&id, Purpose::Pay).await.expect("a known customer").expect("a page");
    assert!(link.url.starts_with(&format!("http://{}/demo/portal/pay?", house.address)), "{}", link.url);
    let http = reqwest::Client::new();
    let page = http.get(&link.url).send().await.expect("it answers").text().await.expect("a page");
    assert!(page.contains("Pay £100.00") && page.contains("No money moves"), "{page}");
    let form = [("customer", field(&page, "customer")), ("key", field(&page, "key"))];
    let press = |origin: String| http.post(&link.url).header("origin", origin).form(&form).send();
    let stranger = press("https://evil.example".to_owned()).await.expect("it answers");
    assert_eq!(stranger.status(), StatusCode::FORBIDDEN);
    let mut said = Vec::new();
    for _ in 0..2 {
        let answer = press(format!("http://{}", house.address)).await.expect("it answers");
        assert_eq!(answer.status(), StatusCode::OK);
        said.push(answer.text().await.expect("a page"));
    }
    assert!(said[0].contains("Your reference is PY-"), "{}", said[0]);
    assert_eq!(said[0], said[1]);
    let account = house.app.billing.account(&id).await.expect("a known customer");
    assert_eq!(account.balance().minor, 0);
    assert_eq!(account.payments.iter().filter(|it| it.on == account.payments[0].on).count(), 3);
    let page = http.get(&link.url).send().await.expect("it answers").text().await.expect("a page");
    assert!(page.contains("you owe nothing") && !page.contains("<button"), "{page}");
    house.close().await;
}

#[tokio::test]
async fn no_page_of_the_shop_has_a_field_to_type_in() {
    let house = House::open().await;
    for page in ["pay", "set-up-autopay", "change-method"] {
        let url = format!("http://{}/demo/portal/{page}?customer=bill-late", house.address);
        let answer = reqwest::get(&url).await.expect("it answers");
        let policy = answer.headers()["content-security-policy"].to_str().expect("plain text").to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
        let text = answer.text().await.expect("a page");
        assert_eq!(text.matches("<input").count(), text.matches("type=\"hidden\"").count(), "{page}");
    }
    for unknown in ["pay?customer=nobody", "elsewhere?customer=bill-late"] {
        let url = format!("http://{}/demo/portal/{unknown}", house.address);
        assert_eq!(reqwest::get(&url).await.expect("it answers").status(), StatusCode::NOT_FOUND);
    }
    house.close().await;
}

#[tokio::test]
async fn somebody_of_the_crowd_signs_in_to_the_shop_too() {
    let house = House::open().await;
    let http = reqwest::Client::builder().cookie_store(true).build().expect("a client");
    let url = |path: &str| format!("http://{}/demo/{path}", house.address);
    let sign_in = http.post(url("sign-in")).header("origin", format!("http://{}", house.address));
    let answer = sign_in.json(&serde_json::json!({ "customer": "c-0001" })).send().await.expect("it answers");
    assert_eq!(answer.status(), StatusCode::OK);
    let text = http.get(url("customers")).send().await.expect("it answers").text().await.expect("JSON");
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&list["current"], &list["customers"][0]["id"]), (&"c-0001".into(), &"c-0001".into()));
    house.close().await;
}
