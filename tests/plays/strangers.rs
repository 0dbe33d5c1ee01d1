//! What a stranger can't do: hold places, fill the log, keep the server busy, or read the framework's words.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use plainbill::config::Limits;
use plainbill::store::Role;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, coding};

use crate::house::{Customer, House, PASSWORD, PATIENCE, Plan, Socket, open_socket};

async fn with_limits(change: impl FnOnce(&mut Limits)) -> House {
    let mut plan = Plan { classifier: false, ..Plan::default() };
    change(&mut plan.limits);
    House::with(plan).await
}

/// The code with which the server closes.
async fn close_code(socket: &mut Socket) -> Option<u16> {
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.expect("it ends in time")?.ok()? {
            Message::Close(frame) => return frame.map(|it| it.code.into()),
            _ => continue,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_frames_ends_its_socket_and_is_read_slowly() {
    let house = with_limits(|it| (it.frames_per_second, it.frames_burst) = (5, 30)).await;
    let mut other = house.visitor().await;
    let stranger = house.visitor().await;
    let began = Instant::now();
    let (mut write, mut read) = stranger.socket.split();
    let flood = tokio::spawn(async move {
        let mut n = 0_u32;
        while write.send(Message::text(r#"{"type":"seen","seq":1}"#)).await.is_ok() {
            n += 1;
        }
        n
    });
    let mut n_answers = 0;
    while let Ok(Some(Ok(_))) = tokio::time::timeout(PATIENCE, read.next()).await {
        n_answers += 1;
    }
    assert!(Duration::from_secs(9) < began.elapsed(), "it ended at once");
    // As many as are refused quickly, and then one each twentieth of a second.
    assert!(n_answers < 1_000, "{n_answers} frames were answered");
    flood.abort();
    other.says("still here").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_floods_is_let_go_like_anybody_else() {
    let house = with_limits(|it| (it.frames_per_second, it.frames_burst) = (5, 30)).await;
    let ben = house.staff("ben", Role::Answers).await;
    let began = Instant::now();
    let (mut write, mut read) = ben.socket.split();
    let flood = tokio::spawn(async move { while write.send(Message::text(r#"{"type":"ping"}"#)).await.is_ok() {} });
    let mut code = None;
    while let Ok(Some(Ok(message))) = tokio::time::timeout(PATIENCE, read.next()).await {
        if let Message::Close(frame) = message {
            code = frame.map(|it| u16::from(it.code));
        }
    }
    flood.abort();
    assert!(Duration::from_secs(9) < began.elapsed(), "it ended at once");
    assert!(code.is_none_or(|it| it == 1008), "{code:?}");
    let mut again = house.staff("cy", Role::Answers).await;
    again.send(json!({ "type": "ping" })).await;
    again.frame_of("pong").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_of_staff_are_closed_by_the_book() {
    let house = with_limits(|_| {}).await;
    let control =
        |opcode, payload: &'static [u8]| Message::Frame(Frame::message(payload, coding::OpCode::Data(opcode), true));
    for (i, (message, code)) in [
        (Message::binary(vec![1, 2, 3]), 1003),
        (control(coding::Data::Text, b"\xff\xfe\xfd"), 1007),
        (control(coding::Data::Reserved(3), b"x"), 1002),
        (Message::text("x".repeat(70_000)), 1009),
        // So long that it is still being sent when it is refused.
        (Message::text("x".repeat(1_000_000)), 1009),
    ]
    .into_iter()
    .enumerate()
    {
        let mut staff = house.staff(&format!("ben{i}"), Role::Answers).await;
        let _ = staff.socket.send(message.clone()).await;
        assert_eq!(close_code(&mut staff.socket).await, Some(code), "{:.40}", format!("{message:?}"));
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_locked_out_by_others_tries_gets_in_from_a_device_that_is_known() {
    let house = with_limits(|it| it.logins_per_minute = 3).await;
    let ben = house.staff("ben", Role::Answers).await;
    let http = reqwest::Client::new();
    let sign_in = |password: &'static str, cookie: Option<String>| {
        let request = http
            .post(format!("http://{}/api/v1/login", house.address))
            .header("origin", format!("http://{}", house.address))
            .json(&json!({ "login": "ben", "password": password }));
        let request = match cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        };
        async move { request.send().await.expect("it answers").status().as_u16() }
    };
    let mut last = 0;
    for _ in 0..4 {
        last = sign_in("not this one", None).await;
    }
    assert_eq!(last, 429);
    assert_eq!(sign_in(PASSWORD, None).await, 429);
    assert_eq!(sign_in(PASSWORD, Some(ben.cookie.clone())).await, 200);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_are_closed_by_the_book() {
    let house = with_limits(|_| {}).await;
    // RFC 6455, section 7.4.1: what is no text, no UTF-8, no frame, and what is too large.
    let control =
        |opcode, payload: &'static [u8]| Message::Frame(Frame::message(payload, coding::OpCode::Data(opcode), true));
    for (message, code) in [
        (Message::binary(vec![1, 2, 3]), 1003),
        (control(coding::Data::Text, b"\xff\xfe\xfd"), 1007),
        (control(coding::Data::Reserved(3), b"x"), 1002),
        (Message::text("x".repeat(70_000)), 1009),
        // So long that it is still being sent when it is refused.
        (Message::text("x".repeat(1_000_000)), 1009),
    ] {
        for welcomed in [true, false] {
            let mut socket = open_socket(house.address, "/v1/chat", None, None).await.expect("it is taken");
            if welcomed {
                socket.send(Message::text(r#"{"type":"hello"}"#)).await.expect("it is open");
            }
            let _ = socket.send(message.clone()).await;
            assert_eq!(close_code(&mut socket).await, Some(code), "{welcomed}: {:.40}", format!("{message:?}"));
        }
    }
    // Whoever says good-bye hears it back.
    let mut leaving = house.visitor().await;
    let good_bye = tokio_tungstenite::tungstenite::protocol::CloseFrame { code: CloseCode::Normal, reason: "".into() };
    leaving.socket.send(Message::Close(Some(good_bye))).await.expect("it is open");
    assert_eq!(close_code(&mut leaving.socket).await, Some(1000));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_begins_only_its_share_of_the_long_polls() {
    let house = with_limits(|it| it.polls_per_address_max = 3).await;
    let origin = format!("http://{}", house.address);
    let http = reqwest::Client::new();
    let begin = || http.post(format!("{origin}/v1/poll")).header("origin", &origin).json(&json!({ "frames": [] }));
    for n in 0..5 {
        let status = begin().send().await.expect("it answers").status();
        assert_eq!(status, if n < 3 { 200 } else { 503 }, "{n}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_body_does_not_hold_a_connection() {
    let house = with_limits(|it| it.request_ms_max = 300).await;
    for path in ["/v1/poll", "/api/v1/login", "/hooks/stripe"] {
        let mut stream = TcpStream::connect(house.address).await.expect("it is taken");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\ncontent-type: application/json\r\n\
             content-length: 50\r\n\r\n{{\"frames",
            house.address
        );
        stream.write_all(head.as_bytes()).await.expect("it can be written");
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "{path} was held");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_a_pace_for_its_requests() {
    let house = with_limits(|it| (it.requests_per_second, it.requests_burst) = (1, 5)).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let response = reqwest::get(format!("http://{}/panel.js", house.address)).await.expect("it answers");
        statuses.push(response.status().as_u16());
    }
    assert_eq!((statuses[0], statuses[7]), (200, 429), "{statuses:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_compressed_where_that_is_taken_and_only_there() {
    let house = with_limits(|_| {}).await;
    let http = reqwest::Client::builder().build().expect("a client");
    let url = format!("http://{}/panel.js", house.address);
    let mut sizes = Vec::new();
    for (accepts, coding) in [("gzip, br", Some("gzip")), ("identity", None), ("gzip;q=0", None), ("br", None)] {
        let response = http.get(&url).header("accept-encoding", accepts).send().await.expect("it answers");
        let said = response.headers().get("content-encoding").map(|it| it.to_str().expect("text").to_owned());
        assert_eq!(said.as_deref(), coding, "{accepts}");
        assert_eq!(response.headers()["vary"], "accept-encoding");
        sizes.push(response.bytes().await.expect("it comes whole").len());
    }
    assert!(sizes[0] * 2 < sizes[1], "{sizes:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_our_words_and_strangers_learn_nothing_more() {
    let house = with_limits(|it| it.body_bytes_max = 2_000).await;
    let own = format!("http://{}", house.address);
    let http = reqwest::Client::new();
    let post = |path: &str, origin: &str, kind: &str, body: String| {
        let request = http.post(format!("{own}{path}")).header("origin", origin).header("content-type", kind);
        request.body(body).send()
    };
    let json = "application/json";
    for path in ["/v1/poll", "/api/v1/login"] {
        for (origin, kind, body, status, code) in [
            ("https://evil.example", json, "{".to_owned(), 403, "wrong_page"),
            (&own, json, "{".to_owned(), 400, "malformed"),
            (&own, json, "{}".to_owned(), 400, "malformed"),
            (&own, "text/plain", "{}".to_owned(), 400, "malformed"),
            (&own, json, "x".repeat(3_000), 413, "too_large"),
            // So much that it is still being sent when it is refused.
            (&own, json, "x".repeat(3_000_000), 413, "too_large"),
        ] {
            let response = post(path, origin, kind, body).await.expect("it answers");
            assert_eq!(response.status(), status, "{path} {origin} {kind}");
            let said: Value = response.json().await.expect("it is ours");
            assert_eq!(said["code"], code, "{path} {origin} {kind}");
        }
    }
    for (path, kind, body, status, code) in [
        ("/hooks/stripe", json, "{}".to_owned(), 404, "not_found"),
        ("/hooks/stripe", json, "x".repeat(3_000_000), 413, "too_large"),
        ("/demo/portal/pay", "text/plain", String::new(), 400, "malformed"),
        ("/demo/portal/pay", "application/x-www-form-urlencoded", "x=y".to_owned(), 400, "malformed"),
    ] {
        let response = post(path, &own, kind, body).await.expect("it answers");
        assert_eq!(response.status(), status, "{path} {kind}");
        let said: Value = response.json().await.expect("it is ours");
        assert_eq!(said["code"], code, "{path} {kind}");
    }
    for (method, path, status) in [
        (reqwest::Method::GET, "/nowhere", 404),
        (reqwest::Method::DELETE, "/healthz", 405),
        (reqwest::Method::GET, "/v1/chat", 400),
        (reqwest::Method::GET, "/api/v1/conversations/%00", 401),
        (reqwest::Method::GET, "/api/v1/conversations", 401),
    ] {
        let response = http.request(method, format!("{own}{path}")).header("origin", &own).send().await;
        let response = response.expect("it answers");
        assert_eq!(response.status(), status, "{path}");
        let said: Value = response.json().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(said["message"].as_str().is_some_and(|it| it.ends_with('.')), "{path}: {said}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_emoji_from_staff_is_replaced() {
    let house = with_limits(|_| {}).await;
    let own = format!("http://{}", house.address);
    let body = r#"{"login":"no\ud83dbody\u0000","password":"x"}"#;
    let request = reqwest::Client::new().post(format!("{own}/api/v1/login")).header("origin", &own);
    let response = request.header("content-type", "application/json").body(body).send().await.expect("it answers");
    assert_eq!(response.status(), 401, "it is a name like any other, of nobody");
    house.close().await;
}

/// A burst waits its turn: nobody goes to people because many came at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_questions_is_answered_and_not_handed_off() {
    const N: usize = 120;
    let house = House::open().await;
    let mut customers = Vec::new();
    for _ in 0..N {
        customers.push(house.customer("one-off-fee").await);
    }
    for customer in &mut customers {
        let key = customer.key();
        let say = json!({ "type": "say", "key": key, "text": "why is my bill higher this month?" });
        customer.send(say).await;
    }
    for (n, customer) in customers.iter_mut().enumerate() {
        let heard = customer.hears().await;
        assert!(heard.contains("£12.00 more"), "{n}: {heard}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_at_the_servers_own_address_says_what_it_is() {
    let house = House::with(Plan { classifier: false, demo: false, ..Plan::default() }).await;
    let page = reqwest::get(format!("http://{}/", house.address)).await.expect("it answers").text().await;
    let page = page.expect("it is text");
    assert!(page.contains("chat on our website") && page.contains("href=\"/console\""), "{page}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_path_of_a_host_that_others_share_everything_is_found() {
    let public_url = "https://shop.example/help/chat".to_owned();
    let house = House::with(Plan { classifier: false, demo: false, public_url, ..Plan::default() }).await;
    // The proxy may take the path away, or leave it.
    for path in ["", "/help/chat"] {
        let chat = open_socket(house.address, &format!("{path}/v1/chat"), Some("https://shop.example"), None).await;
        let mut socket = chat.unwrap_or_else(|error| panic!("{path}: {error}"));
        socket.send(Message::text(r#"{"type":"hello"}"#)).await.expect("it is open");
        assert!(matches!(socket.next().await, Some(Ok(Message::Text(_)))), "{path}");
        let url = format!("http://{}{path}", house.address);
        for file in ["/console", "/console/", "/console.js", "/w.js", "/healthz", "/"] {
            let response = reqwest::get(format!("{url}{file}")).await.expect("it answers");
            assert_eq!(response.status(), 200, "{path}{file}");
            assert!(response.headers().get("strict-transport-security").is_none(), "others stand on that host too");
        }
        let own = open_socket(house.address, &format!("{path}/v1/chat"), None, None).await;
        assert!(own.is_err(), "what a request says of itself counts for nothing");
    }
    let page = reqwest::get(format!("http://{}/help/chat", house.address)).await.expect("it answers").text().await;
    assert!(page.expect("it is text").contains("href=\"/help/chat/console\""));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_https_the_cookie_of_staff_is_bound_to_the_very_host() {
    use plainbill::store::Role;

    let public_url = "https://help.shop.example".to_owned();
    let house = House::with(Plan { classifier: false, public_url: public_url.clone(), ..Plan::default() }).await;
    let added = house.add_staff("Mia", Role::Answers).await;
    let request = reqwest::Client::new().post(format!("http://{}/api/v1/login", house.address));
    let request =
        request.header("origin", &public_url).json(&json!({ "login": added, "password": crate::house::PASSWORD }));
    let response = request.send().await.expect("it answers");
    assert_eq!(response.headers()["strict-transport-security"], "max-age=31536000");
    let cookie = response.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.starts_with("__Host-plainbill_staff=") && cookie.contains("; Secure") && cookie.contains("Path=/;"));
    let session = cookie.split(';').next().expect("there is a first");
    for (cookie, status) in [(session.to_owned(), 200), (session.replace("__Host-", ""), 401)] {
        let me = reqwest::Client::new().get(format!("http://{}/api/v1/me", house.address)).header("cookie", cookie);
        assert_eq!(me.send().await.expect("it answers").status(), status);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_builds_the_site_is_told_what_is_wrong_with_a_token() {
    let house = with_limits(|_| {}).await;
    let mut customer = Customer::connect(house.address, None).await;
    customer.send(json!({ "type": "hello", "identity": "not.a.token" })).await;
    let error = customer.frame_of("error").await;
    assert_eq!(error["code"], "bad_identity");
    assert!(error["message"].as_str().is_some_and(|it| it.contains("token")), "{error}");
    house.close().await;
}
