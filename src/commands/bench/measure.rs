//! Takes the times: of one message, of many callers, of learning, each beside the bare encoder's in the same run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::sentences;
use crate::classifier::encoder::{Encoder, Model};
use crate::classifier::{Classifier, ClassifierError, Example, Lessons, Settings};
use crate::content::file::Thresholds;

/// Lengths of a message, in tokens with the marks of start and end.
const LENGTHS: [usize; 3] = [8, 16, 32];
/// Messages of each length.
const MESSAGES_MAX: usize = 600;
/// At least so many of each, however slow the machine is.
const MESSAGES_MIN: usize = 20;
/// Time for each length.
const LENGTH_TIME: Duration = Duration::from_millis(3_000);
/// Callers at a time.
const CALLERS: [usize; 3] = [1, 8, 64];
/// The length of the callers' messages.
const CALLERS_TOKENS: usize = 16;
/// Rounds of bare encoders and callers in turn; figures are of the middle one.
const ROUNDS: usize = 9;
/// Time for each step of a round.
const ROUND_TIME: Duration = Duration::from_millis(250);
/// Messages that callers take in turn.
const TEXTS: usize = 16;
/// Messages after which the bare encoder and the whole classifier change turns.
const TURN: usize = 10;
/// Timings of what takes microseconds.
const SMALL_TIMES: usize = 500;

/// One message of one length, on one thread.
#[derive(Debug, Serialize)]
pub struct OneMessage {
    /// Its tokens.
    pub tokens: usize,
    /// The encoder alone: the fastest, the middle and the 99th of a hundred.
    pub bare_ms_min: f64,
    /// See `bare_ms_min`.
    pub bare_ms_p50: f64,
    /// See `bare_ms_min`.
    pub bare_ms_p99: f64,
    /// From text to guess: queue, tokenizer, encoder, head.
    pub ms_min: f64,
    /// See `ms_min`.
    pub ms_p50: f64,
    /// See `ms_min`.
    pub ms_p99: f64,
    /// What comes to the encoder's time, as a share of it: the middle of what each turn says, since a machine's pace
    /// changes from second to second.
    pub added: f64,
    /// The same of the fastest, which other programs disturb least.
    pub added_min: f64,
    /// The same of the processor's time, which other programs disturb less; where the system tells it.
    pub added_cpu: Option<f64>,
    /// The tokenizer, in microseconds, the middle.
    pub tokenizer_us: f64,
}

/// Many callers at a time, on a worker for each core.
#[derive(Debug, Serialize)]
pub struct Callers {
    /// How many.
    pub callers: usize,
    /// Messages in a second.
    pub per_second: f64,
    /// As many bare encoders as workers, each on a thread of its own.
    pub bare_per_second: f64,
    /// The first as a share of the second.
    pub share: f64,
    /// The same of the processor's time for a message, which other programs disturb less; where the system tells it.
    pub share_cpu: Option<f64>,
}

/// Learning so many intents.
#[derive(Debug, Serialize)]
pub struct Learning {
    /// What is learnt.
    pub of: String,
    /// From nothing, until it guesses by some of the examples; where there are so many that it begins with some.
    pub begun_ms: Option<f64>,
    /// From nothing, until all is learnt: encoding and fitting.
    pub cold_ms: f64,
    /// From kept vectors: reading, fitting, calibrating.
    pub from_vectors_ms: f64,
    /// The processor's time in that, on all cores; where the system tells it.
    pub from_vectors_cpu_ms: Option<f64>,
    /// The start of the workers and learning from a kept head.
    pub start_with_kept_head_ms: f64,
    /// The start of the workers in that.
    pub start_ms: f64,
    /// Until one new example is in the head.
    pub one_more_ms: f64,
    /// Until the whole fit has followed.
    pub settled_ms: f64,
    /// A message of 16 tokens before, the middle.
    pub message_ms: f64,
    /// The slowest message while the new example and the whole fit came.
    pub slowest_message_ms: f64,
    /// The head's guess, in microseconds, the middle.
    pub head_us: f64,
    /// Resident after learning, in megabytes.
    pub resident_mb: Option<f64>,
}

/// One message of each length, the bare encoder and the whole classifier in turn.
///
/// # Errors
/// What the classifier returns.
pub async fn one_message(model: &Model, classifier: &Classifier) -> Result<Vec<OneMessage>, ClassifierError> {
    let mut encoder = model.encoder()?;
    let mut all = Vec::new();
    for tokens in LENGTHS {
        let texts = texts(model, tokens);
        let (mut bare, mut whole, mut tokenizer) = (Vec::new(), Vec::new(), Vec::new());
        let (mut bare_cpu, mut whole_cpu) = (Some(0.0), Some(0.0));
        let mut ratios = Vec::new();
        let begun = Instant::now();
        let mut texts = texts.iter().cycle();
        while bare.len() < MESSAGES_MIN || (bare.len() < MESSAGES_MAX && begun.elapsed() < LENGTH_TIME) {
            let turn: Vec<&String> = texts.by_ref().take(TURN).collect();
            let mut ids = Vec::with_capacity(TURN);
            for text in &turn {
                let started = Instant::now();
                ids.push(model.tokens(text)?);
                tokenizer.push(us_since(started));
            }
            let cpu = cpu_ms();
            for ids in &ids {
                let started = Instant::now();
                encoder.encode(ids)?;
                bare.push(ms_since(started));
            }
            let between = cpu_ms();
            for text in turn {
                let started = Instant::now();
                classifier.guess(text).await?;
                whole.push(ms_since(started));
            }
            bare_cpu = sum(bare_cpu, cpu, between);
            whole_cpu = sum(whole_cpu, between, cpu_ms());
            let [bare, whole] = [&bare, &whole].map(|all| part_of(&mut all[all.len() - TURN..].to_vec(), 0.5));
            ratios.push(whole / bare);
        }
        let (bare_ms_min, ms_min) = (part_of(&mut bare, 0.0), part_of(&mut whole, 0.0));
        let (bare_ms_p50, ms_p50) = (part_of(&mut bare, 0.5), part_of(&mut whole, 0.5));
        all.push(OneMessage {
            tokens,
            bare_ms_min,
            bare_ms_p50,
            bare_ms_p99: part_of(&mut bare, 0.99),
            ms_min,
            ms_p50,
            ms_p99: part_of(&mut whole, 0.99),
            added: part_of(&mut ratios, 0.5) - 1.0,
            added_min: ms_min / bare_ms_min - 1.0,
            added_cpu: whole_cpu.zip(bare_cpu).map(|(whole, bare)| whole / bare - 1.0),
            tokenizer_us: part_of(&mut tokenizer, 0.5),
        });
    }
    Ok(all)
}

/// Messages in a second with few and many callers, and of as many bare encoders, in turn.
///
/// # Errors
/// What the classifier returns.
pub async fn callers(
    model: &Model,
    classifier: &Classifier,
    n_workers: usize,
) -> Result<Vec<Callers>, ClassifierError> {
    let texts = Arc::new(texts(model, CALLERS_TOKENS));
    let ids: Vec<Vec<u32>> = texts.iter().map(|text| model.tokens(text)).collect::<Result<_, _>>()?;
    let mut encoders = (0..n_workers).map(|_| model.encoder()).collect::<Result<Vec<_>, _>>()?;
    let mut rounds: [Vec<Callers>; CALLERS.len()] = Default::default();
    for _ in 0..ROUNDS {
        for (rounds, callers) in rounds.iter_mut().zip(CALLERS) {
            // On this thread, since nothing else is to run meanwhile.
            let bare = tokio::task::block_in_place(|| bare(&mut encoders, &ids))?;
            let whole = called(classifier, &texts, callers).await?;
            rounds.push(Callers {
                callers,
                per_second: whole.per_second,
                bare_per_second: bare.per_second,
                share: whole.per_second / bare.per_second,
                share_cpu: bare.cpu_ms.zip(whole.cpu_ms).map(|(bare, whole)| bare / whole),
            });
        }
    }
    let middle = |mut rounds: Vec<Callers>| {
        rounds.sort_by(|a, b| a.share.total_cmp(&b.share));
        rounds.swap_remove(ROUNDS / 2)
    };
    Ok(rounds.into_iter().map(middle).collect())
}

/// How fast messages went through.
struct Pace {
    per_second: f64,
    /// The processor's time for one.
    cpu_ms: Option<f64>,
}

impl Pace {
    fn of(n_done: usize, started: Instant, cpu: Option<f64>) -> Self {
        let n_done = n_done as f64;
        let cpu_ms = sum(Some(0.0), cpu, cpu_ms()).map(|all| all / n_done);
        Self { per_second: n_done / started.elapsed().as_secs_f64(), cpu_ms }
    }
}

/// Messages in a second of these encoders, each on a thread of its own.
fn bare(encoders: &mut [Box<dyn Encoder>], ids: &[Vec<u32>]) -> Result<Pace, ClassifierError> {
    let (cpu, started) = (cpu_ms(), Instant::now());
    let run = |encoder: &mut Box<dyn Encoder>| {
        let mut n_done = 0;
        for ids in ids.iter().cycle().take_while(|_| started.elapsed() < ROUND_TIME) {
            encoder.encode(ids)?;
            n_done += 1;
        }
        Ok(n_done)
    };
    let counts: Vec<Result<usize, ClassifierError>> = std::thread::scope(|scope| {
        let running: Vec<_> = encoders.iter_mut().map(|encoder| scope.spawn(move || run(encoder))).collect();
        running.into_iter().map(|one| one.join().expect("encoding gives errors and does not panic")).collect()
    });
    let n_done = counts.into_iter().sum::<Result<usize, _>>()?;
    Ok(Pace::of(n_done, started, cpu))
}

async fn called(classifier: &Classifier, texts: &Arc<Vec<String>>, n_callers: usize) -> Result<Pace, ClassifierError> {
    let (cpu, started, n_done) = (cpu_ms(), Instant::now(), Arc::new(AtomicUsize::new(0)));
    let callers = (0..n_callers).map(|i| {
        let (classifier, texts, n_done) = (classifier.clone(), texts.clone(), n_done.clone());
        tokio::spawn(async move {
            for text in texts.iter().cycle().skip(i).take_while(|_| started.elapsed() < ROUND_TIME) {
                classifier.guess(text).await?;
                n_done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.map_err(|e| ClassifierError::Broken(e.to_string()))??;
    }
    Ok(Pace::of(n_done.load(Ordering::Relaxed), started, cpu))
}

/// Learns lessons from nothing, from vectors, from a kept head, and one example more.
///
/// # Errors
/// What the classifier returns.
pub async fn learning(settings: &Settings, name: String, lessons: Lessons) -> Result<Learning, ClassifierError> {
    let timed = Instant::now();
    let cold = Classifier::start(settings)?;
    let begun_ms = if cold.begin(&lessons).await? { Some(ms_since(timed)) } else { None };
    cold.learn(&lessons).await?;
    let cold_ms = ms_since(timed);
    drop(cold);

    // Other thresholds make another head of the same vectors.
    let lessons = Lessons { thresholds: Thresholds { answer: Some(0.6), ..lessons.thresholds }, ..lessons };
    let fresh = Classifier::start(settings)?;
    let (cpu, timed) = (cpu_ms(), Instant::now());
    fresh.learn(&lessons).await?;
    let from_vectors_ms = ms_since(timed);
    let from_vectors_cpu_ms = sum(Some(0.0), cpu, cpu_ms());
    drop(fresh);

    let timed = Instant::now();
    let classifier = Classifier::start(settings)?;
    let start_ms = ms_since(timed);
    classifier.learn(&lessons).await?;
    let start_with_kept_head_ms = ms_since(timed);

    let text = "we tried all day to share the meter reading for my flat".to_owned();
    let mut before = Vec::new();
    for _ in 0..MESSAGES_MIN {
        let timed = Instant::now();
        classifier.guess(&text).await?;
        before.push(ms_since(timed));
    }
    let mut more = lessons;
    let intent = more.examples.first().map(|it| it.intent.clone()).unwrap_or_default();
    more.examples.push(Example { intent, text: "the bill wants money from me, where to".into() });
    let is_done = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn({
        let (classifier, is_done, text) = (classifier.clone(), is_done.clone(), text.clone());
        async move {
            let mut slowest = 0.0_f64;
            while !is_done.load(Ordering::Relaxed) {
                let timed = Instant::now();
                classifier.guess(&text).await?;
                slowest = slowest.max(ms_since(timed));
            }
            Ok::<_, ClassifierError>(slowest)
        }
    });
    let timed = Instant::now();
    classifier.learn(&more).await?;
    let one_more_ms = ms_since(timed);
    classifier.settle().await;
    let settled_ms = ms_since(timed);
    is_done.store(true, Ordering::Relaxed);
    let slowest_message_ms = asking.await.map_err(|e| ClassifierError::Broken(e.to_string()))??;

    let vector = classifier.vector(&text).await?;
    let mut head = Vec::new();
    for _ in 0..SMALL_TIMES {
        let timed = Instant::now();
        classifier.guess_of(&vector)?;
        head.push(us_since(timed));
    }
    Ok(Learning {
        of: name,
        begun_ms,
        cold_ms,
        from_vectors_ms,
        from_vectors_cpu_ms,
        start_with_kept_head_ms,
        start_ms,
        one_more_ms,
        settled_ms,
        message_ms: part_of(&mut before, 0.5),
        slowest_message_ms,
        head_us: part_of(&mut head, 0.5),
        resident_mb: resident_mb(),
    })
}

/// What the program has in memory, where the system says so.
pub fn resident_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1_000.0)
}

/// The processor's time that all threads of the program have used, in milliseconds, where the system tells it.
fn cpu_ms() -> Option<f64> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let mut used = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        #[expect(unsafe_code, reason = "every function of the C library is")]
        // SAFETY: the system writes to `used`, which lives longer than the call.
        let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut used) };
        (failed == 0).then(|| used.tv_sec as f64 * 1e3 + used.tv_nsec as f64 / 1e6)
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    None
}

/// What came between two readings, added to what was there.
fn sum(so_far: Option<f64>, before: Option<f64>, after: Option<f64>) -> Option<f64> {
    Some(so_far? + after? - before?)
}

fn texts(model: &Model, n_tokens: usize) -> Vec<String> {
    let count = |text: &str| model.tokens(text).map_or(0, |tokens| tokens.len());
    (0..TEXTS).map(|seed| sentences::text_of(n_tokens, seed, count)).collect()
}

/// The one of the times that has this share of them before it.
pub(super) fn part_of(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let place = (times.len().saturating_sub(1) as f64 * share).round() as usize;
    times.get(place).copied().unwrap_or_default()
}

pub(super) fn ms_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}

fn us_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_slowest_are_found() {
        let mut times: Vec<f64> = (1..=101).rev().map(f64::from).collect();
        assert_eq!([0.0, 0.5, 0.99, 1.0].map(|share| part_of(&mut times, share)), [1.0, 51.0, 100.0, 101.0]);
        assert_eq!(part_of(&mut [], 0.5), 0.0);
    }
}
