//! The docs are true: what the program knows stands in them, and what stands in them the program knows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use clap::CommandFactory;
use plainbill::billing::demo;
use plainbill::commands::Flags;
use plainbill::config::{Config, Limits};
use plainbill::content::file::{Action, BusinessFile, SentencesFile};
use plainbill::content::language::LanguageFile;
use plainbill::content::shapes::{self, KeyShape, Shape};
use plainbill::content::{COMMANDS, facts, plain_words, template};
use regex::Regex;
use strum::IntoEnumIterator;

/// The tables of content with the heading in `docs/content.md` under which their keys stand.
const KEYS: &[(&str, &[KeyShape])] = &[
    ("Keys of an intent", shapes::INTENT),
    ("Keys of a budget", shapes::BUDGET),
    ("Keys of an answer", shapes::ANSWER),
    ("Keys of a slot", shapes::SLOT),
    ("Keys of a follow-up", shapes::FOLLOW_UP),
    ("Keys of a talk", shapes::TALK),
    ("Steps of a talk", shapes::STEP),
    ("Sentences", SentencesFile::KEYS),
    ("Languages", LanguageFile::KEYS),
    ("Keys of a rule", shapes::POLICY),
    ("Keys of a band", shapes::BAND),
    ("Keys of an urgent rule", shapes::URGENT_RULE),
    ("Keys of the business", shapes::BUSINESS),
    ("Hours", shapes::HOURS),
    ("Understanding", shapes::THRESHOLDS),
    ("Cost", shapes::COST),
    ("Keys of a word", shapes::WORD),
];

#[test]
fn every_key_of_content_is_told_and_whether_it_must_be_there() {
    let doc = Doc::read("docs/content.md");
    for (heading, keys) in KEYS {
        doc.has(heading, keys.iter().map(|it| it.name.to_owned()));
        let table = doc.table(heading);
        if table.head.get(1).is_none_or(|it| it != "must") {
            continue;
        }
        for row in &table.rows {
            for name in names(&row[0]) {
                let required = keys.iter().any(|it| it.name == name && it.required);
                assert_eq!(row[1] == "yes", required, "docs/content.md, \"{heading}\": must `{name}` be there?");
            }
        }
    }
}

/// Their rows stand in the code alone: the first run after a change there fails, and writes them anew.
#[test]
fn tables_that_the_code_declares_are_as_it_says() {
    let doc = Doc::read("docs/content.md");
    let mut text = doc.text.clone();
    for (heading, meanings) in [("Sentences", SentencesFile::MEANINGS), ("Languages", LanguageFile::MEANINGS)] {
        let there: Vec<&str> = doc.below(heading, false).into_iter().filter(|it| it.starts_with("| `")).collect();
        let wanted: Vec<String> =
            meanings.iter().map(|(name, meaning)| format!("| `{name}` | {} |", in_a_row(meaning))).collect();
        assert!(text.contains(&there.join("\n")), "{}, \"{heading}\": the rows stand together", doc.file);
        text = text.replace(&there.join("\n"), &wanted.join("\n"));
    }
    if text != doc.text {
        fs::write(doc.file, text).expect("the docs can be written");
        panic!("{} was written anew from the code: look it through, and run this again", doc.file);
    }
}

/// A sentence of a comment as it stands in a table: no capital, no stop.
fn in_a_row(sentence: &str) -> String {
    let sentence = sentence.trim().trim_end_matches('.').replace('|', "\\|");
    let (first, rest) = sentence.split_at(sentence.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}", first.to_lowercase())
}

#[test]
fn every_sentence_and_list_is_used() {
    let mut program = String::new();
    for file in sources("src") {
        program.push_str(&self::program(&file));
    }
    let declared = SentencesFile::MEANINGS.iter().chain(LanguageFile::MEANINGS);
    for (name, _) in declared {
        let use_of_it = Regex::new(&format!(r"\.{name}\b")).expect("a pattern");
        assert!(use_of_it.is_match(&program), "nothing says or looks up `{name}`: take it out where it is declared");
    }
}

#[test]
fn every_word_that_content_may_use_is_told() {
    let doc = Doc::read("docs/content.md");
    let words = |keys: &[KeyShape], name: &str| {
        let key = keys.iter().find(|it| it.name == name).expect("there is such a key");
        let Shape::Word(words) = key.shape else { panic!("`{name}` is one of some words") };
        words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()
    };
    doc.has("Cards", words(shapes::ANSWER, "card"));
    doc.has("What happens next", words(shapes::ANSWER, "then"));
    doc.has("Actions", words(shapes::ANSWER, "action"));
    doc.has("Kinds of slots", words(shapes::SLOT, "kind"));
    doc.has("Commands on buttons", COMMANDS.map(str::to_owned));
    doc.has("Filters", template::FILTERS.iter().chain(template::OTHER_FILTERS).map(|it| (*it).to_owned()));
    doc.has("Demo customers", demo::customers().iter().map(|it| it.id.to_owned()));
}

#[test]
fn actions_that_change_something_are_told_as_such() {
    for row in Doc::read("docs/content.md").table("Actions").rows {
        let name = names(&row[0]).remove(0);
        let action = Action::iter().find(|it| it.as_str() == name).expect("it was found above");
        assert_eq!(row[2] == "yes", action.changes_something(), "does `{name}` need `confirm`?");
    }
}

#[test]
fn every_fact_is_told() {
    let text = fs::read_to_string("intents/business.toml").expect("the business is there");
    let business: BusinessFile = toml::from_str(&text).expect("it is well formed");
    let doc = Doc::read("docs/content.md");
    let told = doc.names_in_all_below("Facts");
    same("docs/content.md, \"Facts\"", &told, &facts::every_name(&business));
}

#[test]
fn every_reason_why_the_rules_refuse_is_told() {
    let source = program("src/rules/policy.rs");
    let why = Regex::new(r#"(?:(?:refuse|ask_staff)\([^,()]+, |why: )"([a-z_]+)""#).expect("a pattern");
    let whys = why.captures_iter(&source).map(|it| it[1].to_owned());
    Doc::read("docs/content.md").has("Why an action is not allowed", whys);
}

#[test]
fn every_rule_that_the_program_goes_by_is_told() {
    let ours: BTreeSet<String> = Regex::new(r#"(?m)^name\s*=\s*"([a-z_]+)""#)
        .expect("a pattern")
        .captures_iter(&fs::read_to_string("intents/policies.toml").expect("the rules are there"))
        .map(|it| it[1].to_owned())
        .collect();
    let sources =
        ["src/rules/policy.rs", "src/rules/policy/goodwill.rs", "src/session/staff/give/giver.rs"].map(program);
    let named = ours.into_iter().filter(|name| sources.iter().any(|it| it.contains(&format!("\"{name}\""))));
    Doc::read("docs/content.md").has("Rules that the program goes by", named);
}

#[test]
fn how_long_and_how_plain_texts_may_be_is_told() {
    let text = fs::read_to_string("docs/content.md").expect("the docs are there");
    for limit in [
        format!("{} words at most", plain_words::ANSWER_WORDS_MAX),
        format!("sentences of {} at most", plain_words::SENTENCE_WORDS_MAX),
        format!("at grade {} at most", plain_words::GRADE_MAX),
        format!("a LIX of {} at most", plain_words::LIX_MAX),
    ] {
        assert!(text.contains(&limit), "docs/content.md doesn't say \"{limit}\"");
    }
}

#[test]
fn every_setting_is_told_with_its_default() {
    let mut settings = BTreeMap::new();
    flatten("", &toml::Table::try_from(Config::default()).expect("settings are TOML"), &mut settings);
    settings.retain(|name, _| !name.starts_with("limits."));
    check_defaults("All settings", &settings);
}

#[test]
fn every_limit_is_told_with_its_default_its_unit_and_whether_it_may_be_zero() {
    let mut limits = BTreeMap::new();
    flatten("", &toml::Table::try_from(Limits::default()).expect("limits are TOML"), &mut limits);
    check_defaults("Limits", &limits);
    for row in Doc::read("docs/settings.md").table("Limits").rows {
        let name = names(&row[0]).remove(0);
        let units = [("ms", "ms"), ("bytes", "bytes"), ("chars", "characters"), ("seconds", "seconds")];
        let units = units.into_iter().chain([("minutes", "minutes"), ("hours", "hours")]);
        let unit = units.into_iter().find(|(part, _)| name.split('_').any(|it| it == *part));
        if let Some((_, unit)) = unit {
            assert_eq!(row[2], unit, "docs/settings.md: the unit of `{name}`");
        }
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), format!("[limits]\n{name} = 0\n")).expect("it can be written");
        let told = row[3].contains("may be 0") || row[1] == "`0`";
        assert_eq!(Config::read(Some(file.path())).is_ok(), told, "docs/settings.md: may `{name}` be 0?");
    }
}

fn check_defaults(heading: &str, wanted: &BTreeMap<String, toml::Value>) {
    let doc = Doc::read("docs/settings.md");
    doc.has(heading, wanted.keys().cloned());
    for row in doc.table(heading).rows {
        let name = names(&row[0]).remove(0);
        let told = names(&row[1]).pop().unwrap_or_default();
        let told: toml::Table = format!("it = {told}").parse().expect("a default is written as in TOML");
        assert_eq!(told["it"], wanted[&name], "docs/settings.md: the default of `{name}`");
    }
}

fn flatten(around: &str, table: &toml::Table, found: &mut BTreeMap<String, toml::Value>) {
    for (name, value) in table {
        let path = if around.is_empty() { name.clone() } else { format!("{around}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&path, inner, found),
            value => drop(found.insert(path, value.clone())),
        }
    }
}

#[test]
fn examples_of_settings_are_settings() {
    let text = fs::read_to_string("docs/settings.md").expect("the docs are there");
    let example = text.split("```toml\n").nth(1).and_then(|it| it.split("```").next()).expect("there is an example");
    let read: Config = toml::from_str(example).expect("the example is well formed");
    assert!(!read.origins.is_empty() && !read.mail.smtp.is_empty());
    let mut wanted = BTreeMap::new();
    flatten("", &toml::Table::try_from(Config::default()).expect("settings are TOML"), &mut wanted);
    for row in Doc::read("docs/settings.md").table("All settings").rows {
        let name = names(&row[0]).remove(0);
        let line = format!("{name} = {}", names(&row[2]).pop().unwrap_or_default());
        toml::from_str::<Config>(&line).unwrap_or_else(|error| panic!("docs/settings.md, `{line}`: {error}"));
    }
}

#[test]
fn every_variable_that_is_read_is_told() {
    let text = fs::read_to_string("docs/settings.md").expect("the docs are there");
    let read = Regex::new(r#"env::var(?:_os)?\("([A-Z_]+)"\)"#).expect("a pattern");
    let source = program("src/classifier/encoder.rs");
    let mut found: BTreeSet<String> = read.captures_iter(&source).map(|it| it[1].to_owned()).collect();
    let switch = Regex::new(r#"TELEMETRY_SWITCH: &str = "([A-Z_]+)""#).expect("a pattern");
    found.extend(switch.captures_iter(&source).map(|it| it[1].to_owned()));
    // What is logged is read by `tracing-subscriber`.
    found.insert("RUST_LOG".to_owned());
    assert_eq!(found.len(), 3, "the pattern finds them");
    Doc::of(&text, "docs/settings.md").has("Other environment variables", found);
}

#[test]
fn every_role_is_told() {
    let command = Flags::command();
    let add = command.find_subcommand("staff").and_then(|it| it.find_subcommand("add")).expect("there is one");
    let role = add.get_arguments().find(|it| it.get_id() == "role").expect("a role can be given");
    let roles = role.get_possible_values().iter().map(|it| it.get_name().to_owned()).collect::<Vec<_>>();
    Doc::read("docs/settings.md").has("Staff and what they may do", roles);
}

#[test]
fn every_command_and_its_flags_stand_in_the_readme() {
    let table = Doc::read("README.md").table("Commands");
    let rows: Vec<(String, String)> =
        (table.rows.iter()).map(|it| (names(&it[0]).remove(0).replacen("plainbill ", "", 1), it.join(" "))).collect();
    let command = Flags::command();
    let all: Vec<&clap::Command> = command.get_subcommands().filter(|it| it.get_name() != "help").collect();
    for (head, _) in &rows {
        let first = head.split(' ').next().unwrap_or_default();
        assert!(all.iter().any(|it| it.get_name() == first), "README.md: there is no command `{head}`");
    }
    for one in all {
        let name = one.get_name();
        let told: String =
            rows.iter().filter(|it| it.0.split(' ').next() == Some(name)).map(|it| it.1.as_str()).collect();
        assert!(!told.is_empty(), "README.md doesn't tell of `plainbill {name}`");
        let inner: Vec<&clap::Command> = one.get_subcommands().filter(|it| it.get_name() != "help").collect();
        for part in &inner {
            assert!(told.contains(part.get_name()), "README.md doesn't tell of `plainbill {name} {}`", part.get_name());
        }
        for flag in std::iter::once(one).chain(inner).flat_map(|it| it.get_arguments()) {
            let Some(long) = flag.get_long().filter(|it| *it != "json") else { continue };
            if !flag.is_global_set() {
                assert!(told.contains(&format!("--{long}")), "README.md: `plainbill {name}` also takes `--{long}`");
            }
        }
    }
}

#[test]
fn proxies_wait_longer_than_the_server() {
    let limits = Limits::default();
    let text = fs::read_to_string("docs/proxy.md").expect("the docs are there");
    let waits = Regex::new(r"proxy_(?:read|send)_timeout (\d+)s;").expect("a pattern");
    let waits: Vec<u64> = waits.captures_iter(&text).map(|it| it[1].parse().expect("a number")).collect();
    assert_eq!(waits.len(), 2, "one for reading and one for sending");
    assert!(waits.iter().all(|it| limits.silent_ms_max.max(limits.poll_ms) < it * 1_000), "{waits:?}");
}

#[test]
fn links_between_the_docs_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#:\s]*)(?:#([a-z0-9-]+))?\)").expect("a pattern");
    for file in
        ["README.md", "docs/figures.md", "docs/content.md", "docs/settings.md", "docs/proxy.md", "docs/billing.md"]
    {
        let text = fs::read_to_string(file).expect("the docs are there");
        let folder = std::path::Path::new(file).parent().expect("a file has a folder");
        for found in link.captures_iter(&text) {
            let to = if found[1].is_empty() { file.into() } else { folder.join(&found[1]) };
            assert!(to.exists(), "{file} links to {}, which isn't there", to.display());
            if let Some(place) = found.get(2) {
                let there = fs::read_to_string(&to).expect("it can be read");
                let places: Vec<String> = headings(&there).map(|it| it.1).map(|it| slug(&it)).collect();
                assert!(
                    places.iter().any(|it| it == place.as_str()),
                    "{file}: no heading #{} in {}",
                    &found[2],
                    to.display()
                );
            }
        }
    }
}

#[test]
fn a_missing_and_a_needless_row_would_be_seen() {
    let doc = Doc::of("# A\n\n## B\n\n| b | c |\n|---|---|\n| `x`, `y` | one \\| two |\n\n### C\n", "x.md");
    assert_eq!(doc.table("B").rows, [["`x`, `y`", "one | two"]]);
    assert_eq!(doc.names_in("B"), ["x", "y"].map(str::to_owned).into());
    let fails = |wanted: &'static [&'static str]| {
        std::panic::catch_unwind(move || {
            Doc::of("## B\n| b |\n|---|\n| `x` |\n", "x.md").has("B", wanted.iter().map(|it| (*it).to_owned()));
        })
        .is_err()
    };
    assert!(!fails(&["x"]) && fails(&["x", "y"]) && fails(&[]));
}

/// A page of the docs.
struct Doc {
    file: &'static str,
    text: String,
}

/// A table with its cells.
struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Doc {
    fn read(file: &'static str) -> Self {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
        Self { file, text }
    }

    fn of(text: &str, file: &'static str) -> Self {
        Self { file, text: text.to_owned() }
    }

    /// The lines below a heading, up to the next; with `deep`, up to the next that isn't below it.
    fn below(&self, heading: &str, deep: bool) -> Vec<&str> {
        let all: Vec<(usize, String, usize)> = headings(&self.text).collect();
        let place = all.iter().position(|it| it.1 == heading);
        let place = place.unwrap_or_else(|| panic!("{} has no heading \"{heading}\"", self.file));
        let (depth, _, first) = &all[place];
        let next = all[place + 1..].iter().find(|it| !deep || it.0 <= *depth).map_or(usize::MAX, |it| it.2);
        self.text.lines().skip(first + 1).take(next.saturating_sub(first + 1)).collect()
    }

    /// The one table below a heading.
    fn table(&self, heading: &str) -> Table {
        let mut rows = rows(&self.below(heading, false));
        assert!(!rows.is_empty(), "{}, \"{heading}\": there is no table", self.file);
        let head = rows.remove(0);
        for row in &rows {
            assert_eq!(row.len(), head.len(), "{}, \"{heading}\": a row with other cells: {row:?}", self.file);
            assert!(!names(&row[0]).is_empty(), "{}, \"{heading}\": a row without a name: {row:?}", self.file);
        }
        Table { head, rows }
    }

    /// The names in the first column.
    fn names_in(&self, heading: &str) -> BTreeSet<String> {
        self.once(heading, self.table(heading).rows.iter().flat_map(|it| names(&it[0])))
    }

    /// The same of all tables below a heading, whatever headings stand between.
    fn names_in_all_below(&self, heading: &str) -> BTreeSet<String> {
        let rows = rows(&self.below(heading, true));
        self.once(heading, rows.iter().flat_map(|it| names(&it[0])))
    }

    fn once(&self, heading: &str, names: impl Iterator<Item = String>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for name in names {
            assert!(found.insert(name.clone()), "{}, \"{heading}\": `{name}` stands there twice", self.file);
        }
        found
    }

    /// The first column has these names, and no other.
    fn has(&self, heading: &str, wanted: impl IntoIterator<Item = String>) {
        let place = format!("{}, \"{heading}\"", self.file);
        same(&place, &self.names_in(heading), &wanted.into_iter().collect());
    }
}

fn same(place: &str, told: &BTreeSet<String>, there: &BTreeSet<String>) {
    let missing: Vec<_> = there.difference(told).collect();
    let needless: Vec<_> = told.difference(there).collect();
    assert!(missing.is_empty() && needless.is_empty(), "{place}: missing {missing:?}; not in the program {needless:?}");
}

/// Depth, words and line of each heading; what stands in examples is none.
fn headings(text: &str) -> impl Iterator<Item = (usize, String, usize)> {
    let mut in_example = false;
    text.lines().enumerate().filter_map(move |(line, text)| {
        in_example ^= text.starts_with("```");
        let depth = text.chars().take_while(|it| *it == '#').count();
        let words = text[depth..].trim();
        (!in_example && 0 < depth && text[depth..].starts_with(' ')).then(|| (depth, words.to_owned(), line))
    })
}

/// The rows of tables, heads among them, and without the lines below the heads.
fn rows(lines: &[&str]) -> Vec<Vec<String>> {
    let is_line = |it: &str| it.chars().all(|it| matches!(it, '|' | '-' | ' ' | ':'));
    let lines = lines.iter().filter(|it| it.starts_with('|') && !is_line(it));
    let cells = |line: &str| {
        let line = line.trim().trim_start_matches('|').replace("\\|", "\u{0}");
        let line = line.strip_suffix('|').unwrap_or(&line).to_owned();
        line.split('|').map(|it| it.trim().replace('\u{0}', "|")).collect()
    };
    lines.map(|it| cells(it)).collect()
}

/// What stands between backticks.
fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// How a heading is named in links.
fn slug(heading: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || matches!(it, ' ' | '-');
    heading.to_lowercase().chars().filter(|it| plain(*it)).collect::<String>().replace(' ', "-")
}

/// All files of the program in a folder and below it.
fn sources(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path().display().to_string();
        match entry.path().is_dir() {
            true => found.extend(sources(&path)),
            false if path.ends_with(".rs") => found.push(path),
            false => {}
        }
    }
    found
}

/// A file of the program, without its tests.
fn program(file: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned()
}
