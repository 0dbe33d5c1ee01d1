//! Whether the libraries that we build on may be used: by licence, by origin, and by what is known to be wrong with them.
//!
//! `deny.toml` says what is allowed, so that `cargo deny check` gives the same answers, for whoever has it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustsec::advisory::Informational;
use rustsec::database::Query;
use rustsec::{Database, Lockfile};
use serde_json::Value;
use spdx::{Expression, Licensee, ParseMode};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn allowed() -> toml::Table {
    let text = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml is there");
    text.parse().expect("deny.toml is TOML")
}

/// What `cargo` knows of all packages.
fn packages() -> Vec<Value> {
    // Those of other systems may not be on this machine.
    let host = Command::new("rustc").arg("-vV").output().expect("rustc can be started");
    let host =
        String::from_utf8_lossy(&host.stdout).lines().find_map(|it| it.strip_prefix("host: ").map(str::to_owned));
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform"])
        .arg(host.expect("rustc says for which system it builds"))
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).expect("cargo writes JSON");
    told["packages"].as_array().expect("there are packages").clone()
}

fn name_of(package: &Value) -> String {
    format!("{} {}", package["name"].as_str().unwrap_or_default(), package["version"].as_str().unwrap_or_default())
}

/// Why a package's licence is not one of these.
fn fault_of_licence(package: &Value, allowed: &[Licensee]) -> Option<String> {
    let Some(licence) = package["license"].as_str() else { return Some(format!("{}: no licence", name_of(package))) };
    let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
        return Some(format!("{}: the licence `{licence}` cannot be read", name_of(package)));
    };
    let is_allowed = expression.evaluate(|wanted| allowed.iter().any(|it| it.satisfies(wanted)));
    (!is_allowed).then(|| format!("{}: {licence}", name_of(package)))
}

fn licensees(words: &[&str]) -> Vec<Licensee> {
    words.iter().map(|it| Licensee::parse(it).unwrap_or_else(|error| panic!("{it}: {error}"))).collect()
}

#[test]
fn every_licence_is_allowed() {
    let table = allowed();
    let words: Vec<&str> =
        table["licenses"]["allow"].as_array().expect("a list").iter().filter_map(toml::Value::as_str).collect();
    let licences = licensees(&words);
    let faults: Vec<String> = packages().iter().filter_map(|it| fault_of_licence(it, &licences)).collect();
    assert_eq!(faults, Vec::<String>::new(), "add the licence to deny.toml and NOTICE, or do without the library");
}

#[test]
fn a_licence_that_is_not_allowed_is_seen() {
    let licences = licensees(&["MIT", "Apache-2.0"]);
    let fault = |licence: Value| {
        fault_of_licence(&serde_json::json!({ "name": "x", "version": "1", "license": licence }), &licences)
    };
    assert_eq!(fault("MIT/Apache-2.0".into()), None);
    assert_eq!(fault("GPL-3.0 OR MIT".into()), None);
    assert_eq!(fault("GPL-3.0 AND MIT".into()), Some("x 1: GPL-3.0 AND MIT".into()));
    assert_eq!(fault(Value::Null), Some("x 1: no licence".into()));
}

#[test]
fn all_libraries_come_from_one_registry_in_versions_that_are_named() {
    let packages = packages();
    let origins: BTreeSet<&str> = packages.iter().filter_map(|it| it["source"].as_str()).collect();
    assert!(origins.iter().all(|it| it.starts_with("registry+")) && origins.len() == 1, "{origins:?}");
    let ours = packages.iter().find(|it| it["name"] == "plainbill").expect("we are a package");
    let needs = ours["dependencies"].as_array().expect("there are some");
    let any: Vec<&Value> = needs.iter().filter(|it| it["req"] == "*").map(|it| &it["name"]).collect();
    assert!(any.is_empty(), "any version would do of {any:?}");
}

/// The advisories of RustSec: the folder in `PLAINBILL_ADVISORIES`, or a bundle of its repository beside the project.
fn advisories(into: &Path) -> Option<Database> {
    if let Some(folder) = std::env::var_os("PLAINBILL_ADVISORIES") {
        return Some(Database::open(&PathBuf::from(folder)).expect("the advisories can be read"));
    }
    let bundle = root().parent()?.join("shared/advisory-db.bundle");
    if !bundle.is_file() {
        return None;
    }
    let cloned = Command::new("git").args(["clone", "--quiet", "--branch", "main"]).arg(&bundle).arg(into).output();
    let cloned = cloned.expect("git can be started");
    assert!(cloned.status.success(), "{}", String::from_utf8_lossy(&cloned.stderr));
    Some(Database::open(into).expect("the advisories can be read"))
}

#[test]
fn nothing_is_known_to_be_wrong_with_any_library() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let Some(advisories) = advisories(&folder.path().join("advisories")) else {
        eprintln!("SKIPPED: set PLAINBILL_ADVISORIES to a copy of RustSec's advisory database");
        return;
    };
    assert!(500 < advisories.iter().count(), "that is not all of them");
    let table = allowed();
    let ignored = table["advisories"].get("ignore").and_then(toml::Value::as_array).into_iter().flatten();
    let ignored: Vec<&str> = ignored.filter_map(toml::Value::as_str).collect();
    let lock = Lockfile::load(root().join("Cargo.lock")).expect("Cargo.lock can be read");
    let found = advisories.query_vulnerabilities(&lock, &Query::new());
    let said: Vec<String> = found
        .iter()
        .filter(|it| !ignored.contains(&it.advisory.id.as_str()))
        // What nobody looks after any more may still be right.
        .filter(|it| !matches!(it.advisory.informational, Some(Informational::Unmaintained | Informational::Notice)))
        .map(|it| format!("{} {}: {} {}", it.package.name, it.package.version, it.advisory.id, it.advisory.title))
        .collect();
    assert_eq!(said, Vec::<String>::new());
}
