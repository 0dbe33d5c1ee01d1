//! Runs the talks that stand in the content: real classifier, real rules, demo billing data, no store.

pub mod figures;
mod stage;

use std::path::Path;
use std::sync::Arc;

use jiff::civil::DateTime;

use crate::billing::demo::Demo;
use crate::classifier::Classifier;
use crate::content::file::{TalkFile, TalkStep};
use crate::content::{Content, read_talks};
use crate::conversation::{Card, Choice, Did, Message, Owner, Receipt, What};
use crate::turn::Outcome;
use figures::Tally;

pub use stage::Stage;

/// When a talk takes place that doesn't say: a Tuesday within the opening hours.
const AT: &str = "2026-06-16T10:00";

/// One talk of the content.
#[derive(Clone, Debug)]
pub struct Talk {
    /// The intent in whose file it stands.
    pub intent: String,
    /// `stage/intent: name`.
    pub title: String,
    /// What is said and what must follow.
    pub file: TalkFile,
}

/// All talks of the content, sorted by title.
pub fn all(content: &Content) -> Vec<Talk> {
    let mut talks: Vec<Talk> = Vec::new();
    for intent in content.intents.values() {
        for file in &intent.file.talk {
            let title = format!("{}/{}: {}", intent.stage, intent.name, file.name);
            talks.push(Talk { intent: intent.name.clone(), title, file: file.clone() });
        }
    }
    talks.sort_by(|one, other| one.title.cmp(&other.title));
    talks
}

/// The talks in a folder of files beside the content, or in one file; the title begins with the file's name.
///
/// # Errors
/// The file that cannot be read, and why.
pub fn in_files(path: &Path) -> Result<Vec<Talk>, String> {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
        files =
            entries.flatten().map(|it| it.path()).filter(|it| it.extension().is_some_and(|it| it == "toml")).collect();
        files.sort();
    }
    let mut talks = Vec::new();
    for path in files {
        let told = |error: String| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| told(error.to_string()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for file in read_talks(&text).map_err(told)? {
            talks.push(Talk { intent: String::new(), title: format!("{name}: {}", file.name), file });
        }
    }
    Ok(talks)
}

/// Runs one talk. What went otherwise than written is the error; a known failure that passes is one too.
pub async fn run(content: &Arc<Content>, classifier: &Classifier, talk: &Talk) -> Result<Tally, String> {
    let result = play(content, classifier, &talk.file).await;
    match (result, talk.file.known_failure) {
        (Err(_), true) => Ok(Tally::default()),
        (Ok(_), true) => Err("it is marked `known_failure` and passes: take the mark out".to_owned()),
        (result, false) => result,
    }
}

/// The empty conversation with which a talk begins: at its time, with its customer.
///
/// # Errors
/// A time that is none, a customer that the demo doesn't have.
pub fn stage(content: &Arc<Content>, classifier: &Classifier, talk: &TalkFile) -> Result<Stage, String> {
    let at: DateTime = talk.at.as_deref().unwrap_or(AT).parse().map_err(|error| format!("`at` is no time: {error}"))?;
    let at = at.to_zoned(content.hours.time_zone.clone()).map_err(|error| format!("`at` is no time: {error}"))?;
    let billing = Arc::new(Demo::on(at.date()));
    let mut stage = Stage::new(content, classifier, billing, at.timestamp());
    if let Some(account) = &talk.account {
        if crate::billing::demo::account(account, at.date()).is_none() {
            return Err(format!("there is no demo customer `{account}`"));
        }
        stage.verify(account);
    }
    Ok(stage)
}

async fn play(content: &Arc<Content>, classifier: &Classifier, talk: &TalkFile) -> Result<Tally, String> {
    let mut stage = stage(content, classifier, talk)?;
    let mut outcome = Outcome::default();
    let mut tally = Tally::default();
    for (index, step) in talk.steps.iter().enumerate() {
        let failed = |error: String| format!("step {}: {error}", index + 1);
        let done = match (&step.customer, &step.taps) {
            (Some(text), _) => Some(stage.say(text).await.map_err(|error| failed(error.to_string()))?),
            (None, Some(choice)) => Some(stage.tap(choice).await.map_err(failed)?),
            (None, None) => None,
        };
        if let Some(done) = done {
            tally.customer(step.customer.is_none());
            tally.reply(content, &done);
            outcome = done;
        }
        check(step, &outcome, &stage)
            .map_err(|fault| format!("step {}: {fault}\n{}", index + 1, stage.transcript()))?;
    }
    Ok(tally)
}

fn check(step: &TalkStep, outcome: &Outcome, stage: &Stage) -> Result<(), String> {
    let messages: Vec<&Message> = (outcome.events.iter())
        .filter_map(|it| match &it.what {
            What::Message(message) => Some(message),
            _ => None,
        })
        .collect();
    let said = one_line(&messages.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join("\n"));
    let receipts: Vec<&Receipt> = (outcome.events.iter())
        .filter_map(|it| match &it.what {
            What::Receipt(receipt) => Some(receipt),
            _ => None,
        })
        .collect();
    let choices: Vec<&Choice> =
        messages.iter().flat_map(|it| &it.choices).chain(receipts.iter().flat_map(|it| &it.choices)).collect();
    let steps: Vec<_> = messages.iter().filter_map(|it| it.step.as_ref()).collect();
    for text in step.says.iter().flat_map(|it| it.all()) {
        if !said.contains(&one_line(text)) {
            return Err(format!("it doesn't say `{text}`"));
        }
    }
    for text in step.says_not.iter().flat_map(|it| it.all()) {
        if said.contains(&one_line(text)) {
            return Err(format!("it says `{text}`"));
        }
    }
    for id in step.offers.iter().flatten() {
        if !choices.iter().any(|it| it.id == *id) {
            return Err(format!("it doesn't offer `{id}`"));
        }
    }
    if let Some(slot) = &step.asks
        && !steps.iter().any(|it| it.asks.as_ref() == Some(slot))
    {
        return Err(format!("it doesn't ask for `{slot}`"));
    }
    if let Some(intents) = &step.did_you_mean {
        // The likelier may be answered, with the other to tap.
        let answered = |id: &String| steps.iter().any(|it| it.or.is_some() && it.intent.as_ref() == Some(id));
        let offered = steps.iter().any(|it| it.did == Did::Offered || it.or.is_some());
        if !offered || !intents.iter().all(|id| answered(id) || choices.iter().any(|it| it.id == *id)) {
            return Err(format!("it doesn't ask whether {intents:?} is meant"));
        }
    }
    if let Some(intent) = &step.understood {
        let guessed = outcome.understood.iter().filter_map(|it| it.1.best()).any(|it| it.intent == *intent);
        let read = steps.iter().filter_map(|it| it.readings.first()).any(|it| it.what.as_ref() == Some(intent));
        if !guessed && !read && !steps.iter().any(|it| it.intent.as_ref() == Some(intent)) {
            let guesses: Vec<_> = outcome.understood.iter().map(|it| &it.1.ranked).collect();
            return Err(format!("it isn't understood as `{intent}`, but {guesses:?}"));
        }
    }
    for text in step.card.iter().flat_map(|it| it.all()) {
        let cards = messages.iter().filter_map(|it| it.card.as_ref()).map(words_of);
        if !cards.into_iter().any(|it| it.contains(text.as_str())) {
            return Err(format!("no card says `{text}`"));
        }
    }
    for text in step.receipt.iter().flat_map(|it| it.all()) {
        let words = |it: &&&Receipt| one_line(&[it.text.as_str(), it.undo.as_deref().unwrap_or("")].join(" "));
        if !receipts.iter().any(|it| words(&it).contains(&one_line(text))) {
            return Err(format!("no receipt says `{text}`"));
        }
    }
    if let Some(hands_off) = step.hands_off
        && (stage.state.owner == Owner::Queue) != hands_off
    {
        return Err(format!("hands_off is {}", !hands_off));
    }
    if let Some(urgent) = step.urgent {
        let is = outcome.events.iter().any(|it| matches!(&it.what, What::Owner(change) if change.urgent));
        if is != urgent {
            return Err(format!("urgent is {is}"));
        }
    }
    if let Some(why) = &step.records
        && !outcome.questions.iter().any(|it| it.why.as_str() == why)
    {
        return Err(format!("no question is recorded as `{why}`"));
    }
    Ok(())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words_of(card: &Card) -> String {
    let mut words = vec![card.title.clone()];
    for row in card.rows.iter().chain(&card.total) {
        let parts = [Some(&row.label), row.detail.as_ref(), row.amount.as_ref(), row.mark.as_ref()];
        words.push(parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "));
    }
    words.extend(card.note.clone());
    words.join("\n")
}
