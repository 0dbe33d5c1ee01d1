//! `plainbill classify --explain`: why a text is taken for what it is.

use std::process::ExitCode;

use serde_json::json;

use super::{Print, Reasons, open_content, taught};
use crate::config::Config;
use crate::content::Content;
use crate::conversation::Verdict;
use crate::rules::{self, language, questions};

/// Runs the command.
pub async fn explain(config: &Config, text: &str, print: Print) -> anyhow::Result<ExitCode> {
    let content = open_content(config)?;
    let explanation = taught(config, &content).await?.explain(text).await?;
    let first = before_guessing(&content, text);
    let because = because(&explanation);
    if print.json {
        let Reasons { guess, bounds, nearest } = &explanation;
        let line = json!({
            "text": text,
            "decision": super::name_of(guess.verdict),
            "because": because,
            "before": first,
            "intent": guess.best().map(|it| &it.intent),
            "confidence": guess.best().map(|it| it.confidence),
            "known": guess.known,
            "bounds": bounds,
            "rivals": guess.ranked,
            "nearest": nearest,
        });
        println!("{}", serde_json::to_string_pretty(&line)?);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(first) = first {
        println!("{first}\n");
    }
    print_explanation(&explanation, &because);
    Ok(ExitCode::SUCCESS)
}

/// What the rules do with the words before anybody asks what they mean.
fn before_guessing(content: &Content, text: &str) -> Option<String> {
    if let Some(rule) = content.urgent_rule(text).and_then(|it| content.urgent.rule.get(it)) {
        return Some(format!("The rule `{}` of urgent.toml sends this to a person at once.", rule.name));
    }
    if language::is_foreign(text, &content.language) {
        return Some("These look like words of another language: it says so and offers a person.".to_owned());
    }
    questions::is_gibberish(text).then(|| "These are no words: it asks to say it again.".to_owned())
}

fn because(Reasons { guess, bounds, .. }: &Reasons) -> String {
    let Some(best) = guess.best() else { return "There are no words in it.".to_owned() };
    let (name, sure) = (&best.intent, percent(best.confidence));
    match guess.verdict {
        Verdict::Answer => {
            format!("It answers with {name}: it is {sure} sure, and answers from {} on.", percent(bounds.answer))
        }
        Verdict::AskBack => format!(
            "It asks \"did you mean\": it is {sure} sure of {name}, asks from {} on and answers from {} on.",
            percent(bounds.ask_back),
            percent(bounds.answer)
        ),
        Verdict::NoIdea if name == rules::OUT_OF_SCOPE => {
            format!("It doesn't answer: it is {sure} sure that this isn't ours to answer ({name}).")
        }
        Verdict::NoIdea if guess.known < bounds.known => format!(
            "It doesn't answer: this is too far from the examples ({}, it takes {} at least).",
            percent(guess.known),
            percent(bounds.known)
        ),
        Verdict::NoIdea => {
            format!(
                "It doesn't answer: {name} is likeliest with {sure}, and it asks from {} on.",
                percent(bounds.ask_back)
            )
        }
    }
}

fn print_explanation(Reasons { guess, nearest, .. }: &Reasons, because: &str) {
    println!("{because}\n");
    for rival in &guess.ranked {
        println!("{:>7}  {}", percent(rival.confidence), rival.intent);
    }
    println!("{:>7}  near enough to the examples to be ours to answer", percent(guess.known));
    if !nearest.is_empty() {
        println!("\nNearest examples, by cosine:");
    }
    for of in nearest {
        println!("  {}", of.intent);
        for example in &of.examples {
            println!("    {:.2}  {}", example.cosine, example.text);
        }
    }
}

/// A share of 0 to 1 as customers of statistics read it.
pub fn percent(share: f32) -> String {
    format!("{:.1} %", share * 100.0)
}
