//! Who may do what: each route and each frame of staff has a row here, and a new one without a row fails.

use std::collections::BTreeSet;

use plainbill::store::Role;
use regex::Regex;
use serde_json::json;

use crate::house::{House, Plan, StaffMember};

/// Who may ask for something. Whoever stands below may too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// Anybody, from any page.
    Anybody,
    /// Anybody, from a page that may talk to us.
    OurPages,
    /// Staff of any role.
    Reads,
    /// Staff who answer customers.
    Answers,
    /// Staff who manage.
    Manages,
}

use Who::{Answers, Anybody, Manages, OurPages, Reads};

/// Every request that there is.
const ROUTES: [(&str, &str, Who); 42] = [
    ("GET", "/healthz", Anybody),
    ("GET", "/readyz", Anybody),
    ("GET", "/v1/chat", OurPages),
    ("POST", "/v1/poll", OurPages),
    ("GET", "/v1/poll", Anybody),
    ("OPTIONS", "/v1/poll", OurPages),
    ("GET", "/v1/staff", Reads),
    ("POST", "/v1/staff/poll", Reads),
    ("GET", "/v1/staff/poll", Reads),
    ("POST", "/api/v1/login", OurPages),
    ("POST", "/api/v1/logout", Reads),
    ("GET", "/api/v1/me", Reads),
    ("GET", "/api/v1/conversations", Reads),
    ("GET", "/api/v1/conversations/{id}", Reads),
    ("POST", "/api/v1/conversations/{id}/take", Answers),
    ("POST", "/api/v1/conversations/{id}/reply", Answers),
    ("POST", "/api/v1/conversations/{id}/hand-back", Answers),
    ("POST", "/api/v1/conversations/{id}/close", Answers),
    ("POST", "/api/v1/conversations/{id}/flag", Answers),
    ("GET", "/api/v1/conversations/{id}/goodwill", Answers),
    ("POST", "/api/v1/conversations/{id}/goodwill", Answers),
    ("GET", "/api/v1/causes", Reads),
    ("POST", "/api/v1/causes/{id}", Manages),
    ("POST", "/api/v1/content/reload", Manages),
    ("GET", "/go/{token}", Anybody),
    ("GET", "/favicon.ico", Anybody),
    ("GET", "/w.js", Anybody),
    ("GET", "/panel.js", Anybody),
    ("GET", "/console", Anybody),
    ("GET", "/console/", Anybody),
    ("GET", "/console.js", Anybody),
    ("GET", "/console.css", Anybody),
    ("GET", "/", Anybody),
    ("GET", "/demo.js", Anybody),
    ("GET", "/demo.css", Anybody),
    ("GET", "/demo/customers", Anybody),
    ("POST", "/demo/sign-in", OurPages),
    ("GET", "/demo/account", Anybody),
    ("GET", "/demo/token", Anybody),
    ("GET", "/demo/portal/{page}", Anybody),
    ("POST", "/demo/portal/{page}", OurPages),
    // Its body has to be signed by Stripe.
    ("POST", "/hooks/stripe", Anybody),
];

/// What staff's sockets may say: each of them reads, and typing is shown only of whoever has the conversation.
const STAFF_FRAMES: [&str; 4] = ["Watch", "Unwatch", "Typing", "Ping"];

fn source(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_route_has_its_row() {
    let source = source("src/server.rs");
    let map = source.split("fn router(").nth(1).and_then(|it| it.split("\n}\n").next()).expect("the URL map is there");
    let api = map.find("let mut router").expect("the API stands first");
    let route = Regex::new(r#"\.route\(\s*"([^"]+)",\s*([^\n]+)"#).expect("it is an expression");
    let method = Regex::new(r"\b(get|post|options|put|patch|delete)\(").expect("it is an expression");
    let mut found = BTreeSet::new();
    for one in route.captures_iter(map) {
        let at = one.get(0).expect("it matched").start();
        let path = if at < api { format!("/api/v1{}", &one[1]) } else { one[1].to_owned() };
        // The handler of notices stands in a variable above.
        let handlers = one[2].replace("notices)", "post(");
        found.extend(method.captures_iter(&handlers).map(|it| (it[1].to_uppercase(), path.clone())));
    }
    let rows: BTreeSet<_> = ROUTES.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
    assert_eq!(found, rows, "a route without a row, or a row without a route");
}

#[test]
fn every_frame_of_staff_has_its_row() {
    let source = source("src/server/protocol/staff.rs");
    let frames = source.split("pub enum StaffClientFrame {").nth(1).and_then(|it| it.split("\n}\n").next());
    let name = Regex::new(r"(?m)^    ([A-Z]\w+)").expect("it is an expression");
    let found: Vec<_> = name.captures_iter(frames.expect("it is there")).map(|it| it[1].to_owned()).collect();
    assert_eq!(found, STAFF_FRAMES);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_does_what_their_row_does_not_say() {
    let house = House::with(Plan { classifier: false, ..Plan::default() }).await;
    let people = [
        (OurPages, None),
        (Reads, Some(house.staff("Rea", Role::Reads).await)),
        (Answers, Some(house.staff("Ann", Role::Answers).await)),
        (Manages, Some(house.staff("Max", Role::Manages).await)),
    ];
    let own = format!("http://{}", house.address);
    for (method, path, needs) in ROUTES {
        // Signing out ends what the next rows need.
        if path == "/api/v1/logout" {
            continue;
        }
        let url = format!("{own}{}", path.replace("{id}", "nobody").replace("{token}", "x").replace("{page}", "pay"));
        let ask = |origin: &str, staff: Option<&StaffMember>| {
            let method = reqwest::Method::from_bytes(method.as_bytes()).expect("it is a method");
            let mut request = reqwest::Client::new().request(method.clone(), &url).header("origin", origin);
            if let Some(staff) = staff {
                request = request.header("cookie", &staff.cookie);
            }
            if method == "POST" {
                request = request.json(&json!({}));
            }
            async move { request.send().await.expect("it answers").status().as_u16() }
        };
        for (who, staff) in &people {
            let status = ask(&own, staff.as_ref()).await;
            let wanted = match (*who < needs, staff) {
                (false, _) => None,
                (true, None) => Some(401),
                (true, Some(_)) => Some(403),
            };
            match wanted {
                Some(wanted) => assert_eq!(status, wanted, "{method} {path} by {who:?}"),
                None => assert!(
                    !matches!(status, 401 | 403) || path == "/demo/token",
                    "{method} {path} by {who:?}: {status}"
                ),
            }
        }
        // Another site's page does nothing in anybody's name, and reads nothing that only ours may.
        let manager = people[3].1.as_ref();
        let status = ask("https://evil.example", manager).await;
        let may_read = method == "GET" && needs != OurPages && path != "/v1/poll" && path != "/v1/staff";
        if needs != Anybody && !may_read {
            assert_eq!(status, 403, "{method} {path} from another site");
        }
    }
    house.close().await;
}
