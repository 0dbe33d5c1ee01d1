//! How well messages are understood that lean on what is being talked about: lines with `within`, the topic.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::classifier::Classifier;
use crate::content::Content;
use crate::conversation::State;
use crate::rules::slots::SlotContext;
use crate::rules::{self, Circumstances, Decision, Heard, TALK_TO_HUMAN, questions};

/// What came of the lines; shares as 0 to 1.
#[derive(Debug, Serialize)]
pub struct WithinFigures {
    /// Lines judged.
    pub n: usize,
    /// Answered as meant.
    pub right: f64,
    /// Not answered, and what was meant is one of those that are offered.
    pub offered: f64,
    /// Answered otherwise.
    pub wrong: f64,
    /// Asked back, without what was meant.
    pub asked_wrongly: f64,
    /// Not understood.
    pub missed: f64,
    /// Of lines that were answered otherwise: what was meant and what was understood, the most frequent first.
    pub confused: Vec<(String, String, usize)>,
    /// Each line: the topic, what was meant, what came of it, what was understood, how sure, the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<(String, String, Came, String, f32, String)>,
}

/// What came of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// Answered as meant.
    Right,
    /// Offered.
    Offered,
    /// Answered otherwise.
    Wrong,
    /// Asked back, without it.
    AskedWrongly,
    /// Not understood.
    Missed,
}

/// Confusions that are told.
const CONFUSED_MAX: usize = 20;

/// Reads each line of a file in its topic, as if nothing else were known.
///
/// # Errors
/// What the classifier returns; a file that cannot be read; a topic that is none.
pub async fn judge(
    content: &Content,
    classifier: &Classifier,
    data: &Path,
    each: bool,
) -> anyhow::Result<WithinFigures> {
    let lines = super::read(data)?;
    let mut told = Vec::with_capacity(lines.len());
    for line in &lines {
        let topic = line.within.clone().unwrap_or_default();
        anyhow::ensure!(content.intents.contains_key(&topic), "there is no topic `{topic}`");
        let state = State { topic: Some(topic.clone()), last_said: Some(String::new()), ..State::default() };
        let meant = questions::meant(&line.text, &content.language);
        let guess = classifier.guess_within(&meant, &rules::counting(content, &state)).await?;
        let heard = Heard { text: line.text.clone(), guess, ..Heard::default() };
        let now = Circumstances {
            slots: SlotContext { words: Some(&content.language), ..SlotContext::nothing() },
            verified: true,
            misses_max: u32::MAX,
            people_are_there: true,
            codes: false,
            charge: None,
            only_cause: &|_| None,
            holds: &|_, _| true,
            answers: &|_, _| true,
        };
        let (decision, readings) = rules::decide_and_tell(content, &state, &heard, &now);
        let sure = readings.first().map_or(0.0, |it| it.sure);
        let read = readings.first().and_then(|it| it.what.clone());
        let (came, understood) = came(content, &line.intent, read, &decision);
        told.push((topic, line.intent.clone(), came, understood, sure, line.text.clone()));
    }
    let share = |came: Came| told.iter().filter(|it| it.2 == came).count() as f64 / told.len().max(1) as f64;
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for it in told.iter().filter(|it| it.2 == Came::Wrong) {
        *counts.entry((it.1.clone(), it.3.clone())).or_default() += 1;
    }
    let mut confused: Vec<(String, String, usize)> =
        counts.into_iter().map(|((meant, understood), n)| (meant, understood, n)).collect();
    confused.sort_by_key(|it| std::cmp::Reverse(it.2));
    confused.truncate(CONFUSED_MAX);
    Ok(WithinFigures {
        n: told.len(),
        right: share(Came::Right),
        offered: share(Came::Offered),
        wrong: share(Came::Wrong),
        asked_wrongly: share(Came::AskedWrongly),
        missed: share(Came::Missed),
        confused,
        lines: if each { told } else { Vec::new() },
    })
}

fn came(content: &Content, meant: &str, read: Option<String>, decision: &Decision) -> (Came, String) {
    // Where a follow-up leads on to an intent, both names are right.
    let leads = |name: &str| {
        let follow_up = content.follow_ups.get(name);
        follow_up.and_then(|it| it.file.goes_to.clone()).unwrap_or_else(|| name.to_owned())
    };
    let is = |name: &str| name == meant || leads(name) == leads(meant);
    let understood: Vec<String> = match decision {
        Decision::Answer(topics) | Decision::AnswerPart { topics, .. } | Decision::AnswerThenPerson { topics, .. } => {
            topics.iter().map(|it| it.intent.clone()).chain(read).collect()
        }
        Decision::Ask { intent, .. } => [intent.clone()].into_iter().chain(read).collect(),
        Decision::HandOff { .. } => vec![TALK_TO_HUMAN.to_owned()],
        Decision::AnotherWay | Decision::AsSaid { .. } | Decision::Sum { .. } => read.into_iter().collect(),
        Decision::OutOfScope => vec![rules::OUT_OF_SCOPE.to_owned()],
        Decision::AnswerOr { topic, other, .. } if !is(&topic.intent) && is(other) => {
            return (Came::Offered, topic.intent.clone());
        }
        Decision::AnswerOr { topic, .. } => vec![topic.intent.clone()],
        Decision::Offer { first, second, third } => {
            let found = is(first) || is(second) || third.as_deref().is_some_and(is);
            return (if found { Came::Offered } else { Came::AskedWrongly }, format!("{first} or {second}"));
        }
        _ => return (Came::Missed, String::new()),
    };
    match understood.iter().any(|it| is(it)) {
        true => (Came::Right, meant.to_owned()),
        false => (Came::Wrong, understood.last().cloned().unwrap_or_default()),
    }
}
