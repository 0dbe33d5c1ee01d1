//! How long a turn takes beside the encoder: reading, deciding, billing in memory, words.

use std::sync::Arc;
use std::time::Instant;

use anyhow::anyhow;
use serde::Serialize;

use super::measure::{ms_since, part_of};
use crate::classifier::{Classifier, Lessons, Settings};
use crate::content::Content;
use crate::rules::questions;
use crate::talks;

/// Turns of the content's talks.
#[derive(Debug, Serialize)]
pub struct Turns {
    /// Messages that were typed.
    pub n: usize,
    /// The whole turn, the middle.
    pub whole_ms_p50: f64,
    /// One in a hundred takes longer.
    pub whole_ms_p99: f64,
    /// Without the encoder's time for the message and its parts, the middle.
    pub own_ms_p50: f64,
    /// One in a hundred takes longer.
    pub own_ms_p99: f64,
}

/// Plays all talks, with the demo's accounts and no store.
///
/// # Errors
/// What the classifier returns, and a talk that cannot begin.
pub async fn measure(settings: &Settings, content: &Arc<Content>) -> anyhow::Result<Turns> {
    let classifier = Classifier::start(settings)?;
    classifier.learn(&Lessons::of(content)).await?;
    let (mut whole, mut own) = (Vec::new(), Vec::new());
    for talk in talks::all(content) {
        let mut stage = talks::stage(content, &classifier, &talk.file).map_err(|why| anyhow!(why))?;
        for step in &talk.file.steps {
            if let Some(choice) = &step.taps {
                // What a talk taps is its tests' matter.
                let _ = stage.tap(choice).await;
            }
            let Some(text) = &step.customer else { continue };
            let started = Instant::now();
            stage.say(text).await?;
            let ms = ms_since(started);
            let started = Instant::now();
            classifier.vector(text).await?;
            for part in questions::parts(text, &content.language) {
                classifier.vector(&part).await?;
            }
            whole.push(ms);
            own.push((ms - ms_since(started)).max(0.0));
        }
    }
    Ok(Turns {
        n: whole.len(),
        whole_ms_p50: part_of(&mut whole, 0.5),
        whole_ms_p99: part_of(&mut whole, 0.99),
        own_ms_p50: part_of(&mut own, 0.5),
        own_ms_p99: part_of(&mut own, 0.99),
    })
}
