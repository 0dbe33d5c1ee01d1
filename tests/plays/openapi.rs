//! Whether what is sent and answered is as an OpenAPI description has it.

use regex::Regex;
use serde_json::Value;

/// The description in the repository.
pub fn description() -> Value {
    let text = std::fs::read_to_string("docs/billing-api.openapi.json").expect("the description is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// Every operation of a description: method and path as it is written there.
pub fn operations(doc: &Value) -> Vec<(String, String)> {
    let paths = doc["paths"].as_object().expect("it has paths");
    let of = |(path, item): (&String, &Value)| {
        let methods = item.as_object().expect("a path has methods");
        methods.keys().map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

/// What is wrong with the body of a request.
pub fn request_faults(doc: &Value, method: &str, path: &str, body: &Value) -> Vec<String> {
    let schema = &doc["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"];
    let mut faults = Vec::new();
    check(doc, schema, body, &format!("{method} {path}"), &mut faults);
    faults
}

/// What is wrong with an answer.
pub fn answer_faults(doc: &Value, method: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
    let place = format!("{method} {path} {status}");
    let response = resolve(doc, &doc["paths"][path][method]["responses"][status.to_string()]);
    if response.is_null() {
        return vec![format!("{place}: no such answer is described")];
    }
    let schema = &response["content"]["application/json"]["schema"];
    let mut faults = Vec::new();
    match (schema.is_null(), body.is_null()) {
        (true, true) => {}
        (true, false) => faults.push(format!("{place}: there should be no body")),
        (false, _) => check(doc, schema, body, &place, &mut faults),
    }
    faults
}

fn resolve<'a>(doc: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(link) => {
            let to = doc.pointer(link.trim_start_matches('#')).unwrap_or_else(|| panic!("{link} leads nowhere"));
            resolve(doc, to)
        }
        None => value,
    }
}

/// The part of JSON Schema that the description uses.
fn check(doc: &Value, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    let schema = resolve(doc, schema);
    assert!(schema.is_object(), "{place}: there is no schema");
    let mut say = |what: &str| faults.push(format!("{place}: {what}"));
    if !schema["type"].is_null() && !types(&schema["type"]).iter().any(|it| is_of(value, it)) {
        say(&format!("{} was expected", schema["type"]));
        return;
    }
    if schema["enum"].as_array().is_some_and(|it| !it.contains(value)) {
        say("it is none of the words");
    }
    if schema.get("const").is_some_and(|it| it != value) {
        say("it is another word");
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
        && !Regex::new(pattern).expect("the pattern is right").is_match(text)
    {
        say("it has another form");
    }
    if let Some(number) = value.as_i64() {
        let low = schema["minimum"].as_i64().is_some_and(|it| number < it);
        let high = schema["maximum"].as_i64().is_some_and(|it| it < number);
        if low || high {
            say("it is out of bounds");
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            say(&format!("`{name}` is missing"));
        }
    }
    for (choices, exactly_one) in [(&schema["oneOf"], true), (&schema["anyOf"], false)] {
        let Some(choices) = choices.as_array() else { continue };
        let fits = |choice: &&Value| {
            let mut faults = Vec::new();
            check(doc, choice, value, place, &mut faults);
            faults.is_empty()
        };
        let n = choices.iter().filter(fits).count();
        if n == 0 || (exactly_one && n != 1) {
            faults.push(format!("{place}: it fits {n} of the choices"));
        }
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            check(doc, inner, value, &format!("{place}.{name}"), faults);
        }
    }
    if let (Some(list), false) = (value.as_array(), schema["items"].is_null()) {
        for (index, value) in list.iter().enumerate() {
            check(doc, &schema["items"], value, &format!("{place}[{index}]"), faults);
        }
    }
}

fn types(of: &Value) -> Vec<&str> {
    match of {
        Value::String(one) => vec![one],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => panic!("the type `{kind}` is not known here"),
    }
}

#[test]
fn a_value_that_is_not_as_described_is_found() {
    let doc = description();
    let done = serde_json::json!({ "reference": "R-1", "on": "2026-06-16" });
    let faults = |body: &Value| answer_faults(&doc, "post", "/accounts/{customer}/acts", 200, body);
    assert!(faults(&done).is_empty());
    assert!(!faults(&serde_json::json!({ "reference": "R-1" })).is_empty());
    assert!(!faults(&serde_json::json!({ "reference": 1, "on": "2026-06-16" })).is_empty());
    assert!(!faults(&serde_json::json!({ "reference": "R-1", "on": "16 June" })).is_empty());
    assert!(!answer_faults(&doc, "get", "/plans", 418, &Value::Null).is_empty());
}
