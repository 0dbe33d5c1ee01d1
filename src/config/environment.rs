//! Settings from the environment, `PLAINBILL_…`.

use anyhow::Context;

use super::Config;

/// How the names of our variables begin, before `_`.
pub(super) const PREFIX: &str = "PLAINBILL";

/// Variables of the tests, which the program itself doesn't read.
const OF_TESTS: [&str; 5] =
    ["PLAINBILL_ADVISORIES", "PLAINBILL_BIN", "PLAINBILL_CHROMIUM", "PLAINBILL_FUZZ_SECONDS", "PLAINBILL_FUZZ_TARGET"];

/// From this Jaro-Winkler nearness on, a name may have been meant. All begin alike, so it is compared without that.
const NEAR_MIN: f64 = 0.8;

/// Replaces each value for which there is a variable named after its path, `PLAINBILL_LIMITS_GATHER_MS`.
pub(super) fn read(
    table: &mut toml::Table,
    prefix: &str,
    variable: &impl Fn(&str) -> Option<String>,
) -> anyhow::Result<()> {
    for (key, value) in table.iter_mut() {
        let name = format!("{prefix}_{}", key.to_uppercase());
        if let toml::Value::Table(inner) = value {
            read(inner, &name, variable)?;
            continue;
        }
        let Some(text) = variable(&name) else { continue };
        *value = match value {
            toml::Value::String(_) => toml::Value::String(text),
            _ => {
                let line: toml::Table =
                    format!("it = {text}").parse().with_context(|| format!("{name}={text} cannot be read"))?;
                line.get("it").cloned().with_context(|| format!("{name} is empty"))?
            }
        };
    }
    Ok(())
}

/// Settings that only a real business makes.
const OF_A_BUSINESS: [&str; 6] =
    ["PUBLIC_URL", "ORIGINS", "IDENTITY_KEYS", "BILLING_SOURCE", "BILLING_URL", "BILLING_KEY"];

/// Whether a variable sets what only a real business sets.
pub(super) fn is_of_a_business(variable: &impl Fn(&str) -> Option<String>) -> bool {
    OF_A_BUSINESS.iter().any(|it| variable(&format!("{PREFIX}_{it}")).is_some_and(|it| !it.is_empty()))
}

/// The variables of the environment that look like ours and are none, each with the known name that is nearest: a
/// slip of typing would go unnoticed.
pub fn unknown_variables() -> Vec<(String, Option<String>)> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    unknown(names)
}

fn unknown(names: impl Iterator<Item = String>) -> Vec<(String, Option<String>)> {
    let mut known: Vec<String> = OF_TESTS.iter().map(|it| (*it).to_owned()).collect();
    if let Ok(table) = toml::Table::try_from(Config::default()) {
        names_of(&table, PREFIX, &mut known);
    }
    let begin = format!("{PREFIX}_");
    let ours = names.filter(|it| it.starts_with(&begin) && !known.contains(it));
    let mut unknown: Vec<_> = ours.map(|it| (it.clone(), nearest(&it, &known, &begin))).collect();
    unknown.sort();
    unknown
}

/// The variables for all settings in a table, and in those inside.
fn names_of(table: &toml::Table, prefix: &str, into: &mut Vec<String>) {
    for (key, value) in table {
        let name = format!("{prefix}_{}", key.to_uppercase());
        match value {
            toml::Value::Table(inner) => names_of(inner, &name, into),
            _ => into.push(name),
        }
    }
}

fn nearest(name: &str, known: &[String], begin: &str) -> Option<String> {
    let bare = |it: &str| it.strip_prefix(begin).unwrap_or_default().to_owned();
    let name = bare(name);
    let near = known.iter().map(|it| (strsim::jaro_winkler(&name, &bare(it)), it)).filter(|it| NEAR_MIN <= it.0);
    near.max_by(|one, other| one.0.total_cmp(&other.0)).map(|it| it.1.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_variables_name_is_told_with_the_name_that_is_meant() {
        let names = [
            "PLAINBILL_LISTNE",
            "PLAINBILL_LISTEN",
            "PLAINBILL_LIMITS_GATHER_MS",
            "PLAINBILL_LIMIT_GATHER_MS",
            "PLAINBILL_IDENTITY_KEYS",
            "PLAINBILL_FUZZ_SECONDS",
            "PLAINBILL_XYZ",
            "PLAINBILLS",
            "PATH",
        ];
        let told = unknown(names.iter().map(|it| (*it).to_owned()));
        let told: Vec<_> = told.iter().map(|(name, near)| (name.as_str(), near.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("PLAINBILL_LIMIT_GATHER_MS", Some("PLAINBILL_LIMITS_GATHER_MS")),
                ("PLAINBILL_LISTNE", Some("PLAINBILL_LISTEN")),
                ("PLAINBILL_XYZ", None),
            ]
        );
    }
}
