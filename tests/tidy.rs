//! The house rules that the compiler does not check: who may use whom, and how files look.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const CORE: &[&str] = &["conversation", "content"];

/// Each module with those that it may use; it may always use itself. `src/lib.rs` has the same table with reasons.
const MAY_USE: &[(&str, &[&str])] = &[
    ("conversation", &[]),
    ("clock", &[]),
    ("config", &[]),
    ("telemetry", &[]),
    ("content", &["conversation"]),
    ("presence", &["conversation"]),
    ("classifier", &["conversation", "content"]),
    ("store", &["conversation"]),
    ("billing", &["conversation", "config", "store"]),
    ("mail", &["config"]),
    ("identity", &["conversation", "config", "store"]),
    ("rules", &["conversation", "content", "billing"]),
    ("answers", &["conversation", "content", "billing", "rules"]),
    ("actions", &["conversation", "content", "billing", "rules", "store", "mail"]),
    ("handoff", &["conversation", "content", "store"]),
    ("feedback", &["conversation", "store", "classifier"]),
    (
        "parts",
        &[
            "conversation",
            "clock",
            "config",
            "presence",
            "content",
            "classifier",
            "store",
            "billing",
            "mail",
            "identity",
            "actions",
            "handoff",
        ],
    ),
];

/// Modules that put the parts together, from the lower to the upper: each may use all others below it.
const UPPER: &[&str] = &["turn", "talks", "session", "jobs", "console", "app", "server", "commands"];

/// Crates that are named in one place only, so that they can be replaced there.
const LIVES_IN: &[(&str, &[&str])] = &[
    ("minijinja", &["content"]),
    ("unicode_normalization", &["conversation"]),
    ("toml", &["content", "config"]),
    ("ort", &["classifier"]),
    ("rten", &["classifier"]),
    ("rten_tensor", &["classifier"]),
    ("tokenizers", &["classifier"]),
    ("libc", &["classifier", "commands"]),
    ("sqlx", &["store"]),
    ("async_nats", &["store"]),
    ("hostname", &["store"]),
    ("jsonwebtoken", &["identity"]),
    ("lettre", &["mail"]),
    ("reqwest", &["billing"]),
    ("backon", &["billing"]),
    ("hmac", &["billing", "identity"]),
    ("krilla", &["actions"]),
    ("ttf_parser", &["actions"]),
    ("axum", &["server"]),
    ("hyper", &["server"]),
    ("tower", &["server"]),
    ("tower_http", &["server"]),
    ("governor", &["server", "telemetry"]),
    ("ts_rs", &["server"]),
    ("argon2", &["server"]),
    ("clap", &["commands", "main"]),
    ("tracing_subscriber", &["telemetry"]),
    ("metrics_exporter_prometheus", &["telemetry"]),
];

/// Modules without I/O, without a clock, without anything to wait for.
const PURE: &[&str] = &[
    "src/conversation.rs",
    "src/conversation/",
    "src/rules.rs",
    "src/rules/",
    "src/answers.rs",
    "src/answers/",
    "src/content/paths.rs",
    "src/billing/explain.rs",
];

#[test]
fn modules_only_use_the_modules_below_them() {
    let mut faults = Vec::new();
    for (file, text) in sources("src") {
        let module = module_of(&file);
        for (number, used) in crate_modules_in(&program(&text)) {
            if used != module && !may_use(&module, &used) {
                faults.push(format!("{}:{number}: `{module}` may not use `{used}`", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n\nSee src/lib.rs, \"Who may use whom\".", faults.join("\n"));
}

#[test]
fn a_module_may_use_no_more_than_it_does() {
    let uses = |(file, text): (PathBuf, String)| {
        let module = module_of(&file);
        crate_modules_in(&program(&text)).into_iter().map(move |(_, used)| (module.clone(), used))
    };
    let uses: BTreeSet<(String, String)> = sources("src").into_iter().flat_map(uses).collect();
    for (module, allowed) in MAY_USE {
        for used in *allowed {
            let is_used = uses.contains(&((*module).to_owned(), (*used).to_owned()));
            assert!(is_used, "`{module}` doesn't use `{used}`: take it out of MAY_USE and the table in src/lib.rs");
        }
    }
}

#[test]
fn a_breach_would_be_seen() {
    let seen = |program: &str| crate_modules_in(program).into_iter().map(|it| it.1).collect::<Vec<_>>();
    assert_eq!(seen("use crate::store::Store;"), ["store"]);
    assert_eq!(seen("use crate::{feedback, store::{self, Store}, talks};"), ["feedback", "store", "talks"]);
    assert_eq!(seen("use crate::{\n    rules::{\n        self, slots,\n    },\n    turn,\n};"), ["rules", "turn"]);
    assert!(!may_use("rules", "store"));
    assert!(!may_use("conversation", "content"));
    assert!(may_use("turn", "rules"));
    assert!(!may_use("turn", "server"));
}

fn may_use(module: &str, used: &str) -> bool {
    if matches!(module, "main" | "lib") {
        return true;
    }
    if let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) {
        return allowed.contains(&used);
    }
    let height = |name: &str| UPPER.iter().position(|it| *it == name);
    match (height(module), height(used)) {
        (Some(own), Some(other)) => other < own,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

#[test]
fn every_module_has_its_place_in_the_table() {
    for (file, _) in sources("src") {
        let module = module_of(&file);
        let known = matches!(module.as_str(), "main" | "lib")
            || UPPER.contains(&module.as_str())
            || MAY_USE.iter().any(|(name, _)| *name == module);
        assert!(known, "{} belongs to no module of the table in tests/tidy.rs", file.display());
    }
    assert!(CORE.iter().all(|it| MAY_USE.iter().any(|(name, _)| name == it)));
}

#[test]
fn the_server_reads_and_writes_nothing_by_itself() {
    // The demo shop stands in for a business's own back end, and works on what that would keep.
    const MAY: &[&str] = &["src/server/demo.rs"];
    for (file, text) in sources("src") {
        let path = file.display().to_string();
        if module_of(&file) != "server" || MAY.contains(&path.as_str()) {
            continue;
        }
        for (number, line) in lines(&text) {
            assert!(!line.contains(".store"), "{path}:{number}: `session` or `console` does that for the server");
        }
    }
}

#[test]
fn only_a_conversations_own_task_writes_to_it() {
    for (file, text) in sources("src") {
        let module = module_of(&file);
        for (number, line) in lines(&text) {
            let writes = line.contains("store.append(") && !matches!(module.as_str(), "session" | "store");
            assert!(!writes, "{}:{number}: what is done to a conversation is a command to its task", file.display());
        }
    }
}

#[test]
fn outside_crates_live_where_they_belong() {
    let mut faults = Vec::new();
    for (file, text) in sources("src") {
        let module = module_of(&file);
        for (number, line) in lines(&text) {
            for (name, places) in LIVES_IN {
                if names_crate(line, name) && !places.contains(&module.as_str()) {
                    faults.push(format!("{}:{number}: `{name}` lives in {places:?}", file.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn pure_modules_do_nothing_but_think() {
    const DEEDS: &[&str] = &[
        "std::fs",
        "std::net",
        "std::io",
        "tokio::",
        "Timestamp::now",
        "Instant::now",
        "SystemTime",
        ".await",
        "unsafe ",
    ];
    let mut faults = Vec::new();
    for (file, text) in sources("src") {
        let path = file.display().to_string();
        if !PURE.iter().any(|it| path.starts_with(it)) {
            continue;
        }
        for (number, line) in lines(&text) {
            for deed in DEEDS {
                if line.contains(deed) {
                    faults.push(format!("{path}:{number}: `{deed}` in a pure module"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn files_begin_with_a_sentence_and_have_no_loose_ends() {
    // Put together here so that this file does not find itself.
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X"].concat(), ["dbg", "!("].concat()];
    let marks_of_waiving = [["#[ign", "ore"].concat(), ["#[all", "ow("].concat()];
    let mut faults = Vec::new();
    for (file, text) in sources("src").into_iter().chain(sources("tests")) {
        let path = file.display();
        if !text.starts_with("//! ") {
            faults.push(format!("{path}:1: no `//!` sentence that says what the file is"));
        }
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if line.ends_with(' ') {
                faults.push(format!("{path}:{number}: a space at the end"));
            }
            if let Some(mark) = marks.iter().find(|it| line.contains(it.as_str())) {
                faults.push(format!("{path}:{number}: `{mark}`"));
            }
            if marks_of_waiving.iter().any(|it| line.contains(it.as_str())) {
                faults.push(format!("{path}:{number}: no ignored tests; `expect` with a reason in place of `allow`"));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn nothing_is_unwrapped_where_customers_are_served() {
    let mut faults = Vec::new();
    for (file, text) in sources("src") {
        for (number, line) in lines(&text) {
            if line.contains(".unwrap()") {
                faults.push(format!("{}:{number}: `expect` with the reason why it cannot happen", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn secrets_are_compared_in_constant_time() {
    for (file, text) in sources("src") {
        for (number, line) in lines(&text) {
            let compares = line.contains("secret ==") || line.contains("token ==") || line.contains("hash ==");
            assert!(!compares, "{}:{number}: compare secrets with `identity::secrets::matches`", file.display());
        }
    }
}

#[test]
fn web_files_render_text_and_never_markup() {
    for folder in ["web-widget/widget", "web-widget/console", "web-widget/shared", "web-widget/demo"] {
        for file in files(Path::new(folder), &["ts", "tsx"]) {
            let text = fs::read_to_string(&file).expect("the file can be read");
            for way in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML", "document.write", "eval("]
            {
                assert!(!text.contains(way), "{}: `{way}`", file.display());
            }
        }
    }
}

#[test]
fn the_embedded_web_files_are_what_the_sources_say() {
    use sha2::{Digest, Sha256};
    let text = fs::read_to_string("web-widget/dist/MANIFEST.json").expect("the web files are built");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("the manifest is JSON");
    let hash = |path: &Path| -> Option<String> {
        let bytes = fs::read(path).ok()?;
        Some(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let entries = |name: &str| manifest[name].as_object().expect("the manifest has it").clone();
    let mut stale = Vec::new();
    for (name, wanted) in entries("inputs") {
        if hash(&Path::new("web-widget").join(&name)).as_deref() != wanted.as_str() {
            stale.push(name);
        }
    }
    for (name, about) in entries("outputs") {
        if hash(&Path::new("web-widget/dist").join(&name)).as_deref() != about["sha256"].as_str() {
            stale.push(format!("dist/{name}"));
        }
    }
    for folder in ["widget", "console", "shared", "demo"] {
        for file in files(&Path::new("web-widget").join(folder), &["ts", "tsx", "css", "html"]) {
            let name = file.strip_prefix("web-widget").expect("it is in there").display().to_string();
            let is_test = name.contains(".test.");
            if !is_test && !entries("inputs").contains_key(&name) {
                stale.push(name);
            }
        }
    }
    assert!(stale.is_empty(), "web-widget/dist is stale, run `make web`: {}", stale.join(", "));
}

/// Rust files with their text, paths relative to the project.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    files(Path::new(folder), &["rs"])
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).expect("the file can be read");
            (file, text)
        })
        .collect()
}

fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                found.extend(files(&path, endings));
            }
        } else if path.extension().and_then(|it| it.to_str()).is_some_and(|it| endings.contains(&it)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines of a file that are code of the program, with their numbers: no comments, no tests.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let program = text.get(..end).unwrap_or(text);
    program
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The same as one text, with every line in its place.
fn program(text: &str) -> String {
    let mut program = String::new();
    let mut n_lines = 0;
    for (number, line) in lines(text) {
        program.push_str(&"\n".repeat(number - 1 - n_lines));
        program.push_str(line);
        n_lines = number - 1;
    }
    program
}

/// Every top-level module that is named as `crate::name`, or in a group `crate::{name, …}`, with its line.
fn crate_modules_in(program: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, before) in program.match_indices("crate::") {
        let number = program[..at].matches('\n').count() + 1;
        let rest = &program[at + before.len()..];
        let names = if rest.starts_with('{') { names_in_group(rest) } else { vec![name_at(rest)] };
        found.extend(names.into_iter().filter(|it| !it.is_empty()).map(|it| (number, it.to_owned())));
    }
    found
}

/// The first name of each item of a group, up to the bracket that closes it.
fn names_in_group(group: &str) -> Vec<&str> {
    let (mut names, mut depth) = (Vec::new(), 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(letter, '{' | ',') {
            names.push(name_at(group[at + 1..].trim_start()));
        }
    }
    names
}

fn name_at(text: &str) -> &str {
    let end = text.find(|it: char| !(it.is_ascii_alphanumeric() || it == '_')).unwrap_or(text.len());
    &text[..end]
}

fn names_crate(line: &str, name: &str) -> bool {
    let path = format!("{name}::");
    line.match_indices(&path).any(|(at, _)| {
        let before = line.get(..at).and_then(|it| it.chars().next_back());
        before.is_none_or(|it| !it.is_ascii_alphanumeric() && it != '_' && it != ':')
    })
}

fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix("src").expect("only called for files in src");
    let first = inside.iter().next().and_then(|it| it.to_str()).expect("names are plain");
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn a_public_type_has_a_name_of_its_own() {
    let mut places: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for (file, text) in sources("src") {
        for (number, line) in lines(&text) {
            let kinds = ["pub struct ", "pub enum ", "pub trait ", "pub type "];
            let Some(rest) = kinds.iter().find_map(|it| line.trim_start().strip_prefix(it)) else { continue };
            let name: String = rest.chars().take_while(|it| it.is_alphanumeric()).collect();
            places.entry(name).or_default().push(format!("{}:{number}", file.display()));
        }
    }
    let faults: Vec<String> =
        places.iter().filter(|it| 1 < it.1.len()).map(|(name, at)| format!("{name}: {}", at.join(", "))).collect();
    assert!(faults.is_empty(), "one name, one thing:\n{}", faults.join("\n"));
}
