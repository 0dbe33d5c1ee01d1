//! Learns lessons: by a fitted head that was kept, by a nudge where few examples differ, or by fitting a new one.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::head::follow_ups::FollowUps;
use super::head::{Head, Taught};
use super::kept::{CachedHead, HeadKey};
use super::spelling::Spelling;
use super::vectors::{KnownVectors, Vectors};
use super::{Classifier, ClassifierError, FitReport, Fitting, Lessons, Parts, encoder, memory};
use crate::content::file::Thresholds;

/// Examples that may differ for a nudge to be near enough, until the whole fit has followed.
const FEW_MAX: usize = 32;

/// The same as a share: one in so many, though one example is always few.
const FEW_IN: usize = 20;

/// Examples that a first start begins with: as many as are encoded within two seconds.
const BEGIN_WITH: usize = 2_500;

/// What was learnt last.
pub(super) struct Learnt {
    lessons: Lessons,
    report: FitReport,
}

/// An example as the encoder sees it.
pub(super) type Clean = (String, String);

impl Classifier {
    /// Learns the lessons in place of all earlier ones; on an error the earlier ones stay.
    ///
    /// Only examples that are new since last time are encoded, and only while no customer waits. Where few examples
    /// differ, the head that is there takes a few steps towards them, so that they are answered at once, and the whole
    /// fit follows on one thread beside the customers; see [`Classifier::settle`].
    ///
    /// # Errors
    /// `TooFewIntents`, `Broken`.
    pub async fn learn(&self, lessons: &Lessons) -> Result<FitReport, ClassifierError> {
        let mut learnt = self.parts.learnt.lock().await;
        if let Some(Learnt { report, .. }) = learnt.as_ref().filter(|it| it.lessons == *lessons) {
            tracing::debug!(n_examples = lessons.examples.len(), "these lessons are learnt already");
            return Ok(report.clone());
        }
        let key = self.parts.heads.key(lessons);
        let report = match self.kept(key.clone()).await? {
            Some(CachedHead { head, report, .. }) => {
                self.parts.take(head);
                FitReport { n_encoded: 0, encode_ms: 0.0, fitting: Fitting::Kept, ..report }
            }
            None => self.fit(lessons, key, learnt.as_ref()).await?,
        };
        let words = lessons.examples.iter().chain(&lessons.follow_ups).map(|it| it.text.as_str());
        let spelling = Spelling::of(words, self.parts.words.clone());
        self.parts.spelling.store(Arc::new(spelling));
        *learnt = Some(Learnt { lessons: lessons.clone(), report: report.clone() });
        memory::give_back();
        Ok(report)
    }

    /// Where nothing is learnt yet and most of the lessons have to be encoded first: learns a few of each, so that
    /// customers are understood within seconds and not only once [`Classifier::learn`] is through. Says whether it did.
    ///
    /// # Errors
    /// `TooFewIntents`, `Broken`.
    pub async fn begin(&self, lessons: &Lessons) -> Result<bool, ClassifierError> {
        let learnt = self.parts.learnt.lock().await;
        if learnt.is_some() || self.kept(self.parts.heads.key(lessons)).await?.is_some() {
            return Ok(false);
        }
        let (all, parts) = (clean(lessons).union(&clean_follow_ups(lessons)).cloned().collect(), self.parts.clone());
        let n_unknown = blocking(move || n_unknown(&parts.vectors().read(), &all)).await?;
        let few = lessons.few(BEGIN_WITH);
        // Where it would be most of them, all of them are as quick.
        if n_unknown < 2 * (few.examples.len() + few.follow_ups.len()) {
            return Ok(false);
        }
        let (examples, within) = (clean(&few), clean_follow_ups(&few));
        let (vectors, _) = self.encode(&examples.union(&within).cloned().collect()).await?;
        let (thresholds, out_of_scope) = (few.thresholds, few.out_of_scope.clone());
        let fitted = blocking(move || {
            let taught = taught(&examples, &vectors, &out_of_scope);
            let n_intents = taught.intents.len();
            if n_intents < 2 {
                return Err(ClassifierError::TooFewIntents { n_intents });
            }
            let follow_ups = follow_ups(&within, &vectors, &taught);
            Ok(Head::fit(taught, thresholds, n_cores()).0.with_follow_ups(follow_ups))
        });
        self.parts.take(fitted.await??);
        Ok(true)
    }

    /// Waits for the whole fit that follows a nudge, where one is under way; says how what was learnt last was fitted.
    pub async fn settle(&self) -> Option<FitReport> {
        let n_learnt = self.parts.n_learnt.load(Ordering::SeqCst);
        let mut settled = self.parts.settled.subscribe();
        // It ends only with the parts, which are still here.
        let _ = settled.wait_for(|n| n_learnt <= *n).await;
        self.parts.learnt.lock().await.as_ref().map(|it| it.report.clone())
    }

    async fn kept(&self, key: HeadKey) -> Result<Option<CachedHead>, ClassifierError> {
        let parts = self.parts.clone();
        blocking(move || parts.heads.read(&key)).await
    }

    async fn fit(
        &self,
        lessons: &Lessons,
        key: HeadKey,
        before: Option<&Learnt>,
    ) -> Result<FitReport, ClassifierError> {
        let examples = clean(lessons);
        let within = clean_follow_ups(lessons);
        let started = Instant::now();
        let (vectors, n_encoded) = self.encode(&examples.union(&within).cloned().collect()).await?;
        let encode_ms = ms_since(started);
        let vectors = Arc::new(vectors);
        // Written only once the head is there, since nobody waits for that.
        let keeping = if 0 < n_encoded { Some(vectors.clone()) } else { None };

        let (thresholds, out_of_scope) = (lessons.thresholds, lessons.out_of_scope.clone());
        let nudged = before.filter(|it| it.lessons.out_of_scope == out_of_scope).and_then(|it| {
            let n_differ = clean(&it.lessons).symmetric_difference(&examples).count();
            let is_few = n_differ <= FEW_MAX.min(examples.len() / FEW_IN).max(1);
            if is_few { Some((self.parts.head.load_full()?, it.report.quality)) } else { None }
        });
        let started = Instant::now();
        let same_follow_ups = before.is_some_and(|it| it.lessons.follow_ups == lessons.follow_ups);
        let fitted = blocking(move || {
            let taught = taught(&examples, &vectors, &out_of_scope);
            let (n_intents, n_examples) = (taught.intents.len(), taught.labels.len());
            if n_intents < 2 {
                return Err(ClassifierError::TooFewIntents { n_intents });
            }
            let report = |fitting, quality, head: &Head| {
                let fit_ms = ms_since(started);
                FitReport {
                    n_examples,
                    n_intents,
                    n_encoded,
                    encode_ms,
                    fit_ms,
                    quality,
                    bounds: head.bounds(),
                    fitting,
                }
            };
            if let Some((near, quality)) = nudged
                && let Some(head) = near.nudged(&taught, thresholds)
            {
                // Follow-ups are told from the intents' examples as well, which a few more of these hardly change.
                let head = match same_follow_ups {
                    true => head,
                    false => head.with_follow_ups(follow_ups(&within, &vectors, &taught)),
                };
                let report = report(Fitting::Nudged, quality, &head);
                return Ok((head, report, Some((taught, within, vectors))));
            }
            let follow_ups = follow_ups(&within, &vectors, &taught);
            drop(vectors);
            let (head, quality) = Head::fit(taught, thresholds, n_cores());
            let head = head.with_follow_ups(follow_ups);
            let report = report(Fitting::Whole, quality, &head);
            Ok((head, report, None))
        });
        let (head, report, unsettled) = fitted.await??;
        match unsettled {
            Some((taught, within, vectors)) => {
                let n_learnt = self.parts.take_nudged(head);
                let unsettled = Unsettled { taught, within, vectors, keeping, thresholds, key };
                tokio::spawn(settle(self.parts.clone(), unsettled, n_learnt));
            }
            None => {
                let head = self.parts.take(head);
                let (parts, report) = (self.parts.clone(), report.clone());
                let keep = move || {
                    parts.keep_vectors(keeping);
                    parts.heads.keep(&key, &head, &report);
                };
                blocking(keep).await?;
            }
        }
        Ok(report)
    }

    /// The vectors of these examples, and how many were new.
    pub(super) async fn encode(&self, examples: &BTreeSet<Clean>) -> Result<(KnownVectors, usize), ClassifierError> {
        let parts = self.parts.clone();
        let mut known = blocking(move || parts.vectors().read()).await?;
        let new: BTreeSet<&str> =
            examples.iter().map(|(_, text)| text.as_str()).filter(|text| known.get(text).is_none()).collect();
        if new.is_empty() {
            return Ok((known, 0));
        }
        let n_new = new.len();
        // Two in hand for each worker: enough to keep all busy.
        let n_in_hand = 2 * self.parts.queue.n_workers();
        let encode = |text: &str| {
            let text = text.to_owned();
            async move { Ok((text.clone(), self.parts.queue.learn(text).await?)) }
        };
        let encoded: Vec<(String, Vec<f32>)> =
            stream::iter(new).map(encode).buffer_unordered(n_in_hand).try_collect().await?;
        encoded.iter().for_each(|(text, vector)| known.insert(text, vector));
        Ok((known.only(examples.iter().map(|(_, text)| text.as_str())), n_new))
    }
}

impl Parts {
    fn vectors(&self) -> std::sync::MutexGuard<'_, Vectors> {
        self.vectors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_vectors(&self, new: Option<Arc<KnownVectors>>) {
        let Some(known) = new else { return };
        if let Err(why) = self.vectors().keep(known) {
            tracing::warn!(%why, "the vectors of examples could not be kept; the next start encodes them again");
        }
    }

    /// Guesses by this head from now on, which is fitted wholly.
    fn take(&self, head: Head) -> Arc<Head> {
        let head = Arc::new(head);
        self.head.store(Some(head.clone()));
        let n_learnt = self.n_learnt.fetch_add(1, Ordering::SeqCst) + 1;
        self.settled.send_replace(n_learnt);
        head
    }

    /// Guesses by this head until the whole fit has followed; the result is the number by which that is known.
    fn take_nudged(&self, head: Head) -> u64 {
        self.head.store(Some(Arc::new(head)));
        self.n_learnt.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// What is left to fit after a nudge.
struct Unsettled {
    taught: Taught,
    within: BTreeSet<Clean>,
    vectors: Arc<KnownVectors>,
    /// The vectors to be kept, where some are new.
    keeping: Option<Arc<KnownVectors>>,
    thresholds: Thresholds,
    key: HeadKey,
}

/// The whole fit after a nudge, unless other lessons have come meanwhile.
async fn settle(parts: Arc<Parts>, unsettled: Unsettled, n_learnt: u64) {
    let is_stale = |parts: &Parts| parts.n_learnt.load(Ordering::SeqCst) != n_learnt;
    // One at a time, and with one thread, so that customers have the other cores.
    let _alone = parts.settling.lock().await;
    if is_stale(&parts) {
        return;
    }
    let started = Instant::now();
    let keeper = parts.clone();
    let Unsettled { taught, within, vectors, keeping, thresholds, key } = unsettled;
    let whole = move || {
        keeper.keep_vectors(keeping);
        let follow_ups = follow_ups(&within, &vectors, &taught);
        drop(vectors);
        let (head, quality) = Head::fit(taught, thresholds, 1);
        (head.with_follow_ups(follow_ups), quality)
    };
    let fitted = blocking(whole).await;
    let mut learnt = parts.learnt.lock().await;
    if is_stale(&parts) {
        return;
    }
    match (fitted, learnt.as_mut()) {
        (Ok((head, quality)), Some(learnt)) => {
            let fit_ms = ms_since(started);
            learnt.report = FitReport { fit_ms, quality, fitting: Fitting::Whole, ..learnt.report.clone() };
            let head = Arc::new(head);
            parts.head.store(Some(head.clone()));
            let (parts, report) = (parts.clone(), learnt.report.clone());
            // Where the thread is lost the head is not kept: it is fitted again at the next start.
            let _ = blocking(move || parts.heads.keep(&key, &head, &report)).await;
        }
        (Err(why), _) => tracing::error!(%why, "the whole fit failed; the nudged head stays"),
        (Ok(_), None) => {}
    }
    parts.settled.send_replace(n_learnt);
    memory::give_back();
}

/// The examples, and each intent's name read as words, which is worth one more where there are few.
fn clean(lessons: &Lessons) -> BTreeSet<Clean> {
    let examples = lessons.examples.iter().map(|it| (it.intent.clone(), encoder::clean(&it.text)));
    let mut clean: BTreeSet<Clean> = examples.filter(|(_, text)| !text.is_empty()).collect();
    let intents: BTreeSet<String> = clean.iter().map(|it| it.0.clone()).collect();
    let named = intents.into_iter().filter(|intent| *intent != lessons.out_of_scope);
    clean.extend(
        named
            .map(|intent| (words_of(&intent), intent))
            .filter(|it| !it.0.is_empty())
            .map(|(text, intent)| (intent, text)),
    );
    clean
}

fn n_unknown(known: &KnownVectors, examples: &BTreeSet<Clean>) -> usize {
    examples.iter().filter(|(_, text)| known.get(text).is_none()).count()
}

/// The examples with their vectors.
fn taught(examples: &BTreeSet<Clean>, vectors: &KnownVectors, out_of_scope: &str) -> Taught {
    let rows = examples.iter().filter_map(|(intent, text)| Some((intent.as_str(), text.as_str(), vectors.get(text)?)));
    Taught::new(rows, out_of_scope)
}

/// What can be meant within a topic only, fitted beside the intents.
fn follow_ups(within: &BTreeSet<Clean>, vectors: &KnownVectors, taught: &Taught) -> FollowUps {
    let named = within.iter().filter_map(|(name, text)| Some((name.as_str(), vectors.get(text)?)));
    FollowUps::fit(named, taught.rows.view(), &taught.labels, taught.intents.len())
}

/// The examples of follow-ups, each with its name.
fn clean_follow_ups(lessons: &Lessons) -> BTreeSet<Clean> {
    let examples = lessons.follow_ups.iter().map(|it| (it.intent.clone(), encoder::clean(&it.text)));
    examples.filter(|(_, text)| !text.is_empty()).collect()
}

/// A name like `late_fee_waiver` as words; nothing for a name without letters.
fn words_of(intent: &str) -> String {
    let words = intent.split(|it: char| !it.is_alphanumeric()).filter(|it| it.chars().any(char::is_alphabetic));
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

pub(super) fn n_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs what takes long where nobody waits behind it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ClassifierError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| ClassifierError::Broken(format!("learning stopped: {e}")))
}

fn ms_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::classifier::encoder::tests::{engines, settings};
    use crate::classifier::tests::lessons;
    use crate::classifier::{Example, Settings};
    use crate::conversation::Guess;

    const ASKED: [&str; 4] = [
        "where is the money you owe me",
        "how come it is dearer now",
        "sing me a song",
        "is the blue one with the wheels still there",
    ];

    fn start(cache: Option<&Path>) -> Classifier {
        let settings = Settings { cache_dir: cache.map(Path::to_owned), ..settings(engines()[0]) };
        Classifier::start(&settings).expect("it starts")
    }

    async fn guesses(classifier: &Classifier) -> Vec<Guess> {
        let mut guesses = Vec::new();
        for text in ASKED {
            guesses.push(classifier.guess(text).await.expect("a guess"));
        }
        guesses
    }

    fn with_one_more() -> Lessons {
        let mut more = lessons();
        more.examples.push(Example { intent: "refund_status".into(), text: ASKED[3].into() });
        more
    }

    #[tokio::test]
    async fn a_kept_head_guesses_the_same_to_the_last_bit() {
        let dir = tempfile::tempdir().expect("a folder");
        let [fitted, kept] = [(); 2].map(|()| start(Some(dir.path())));
        assert_eq!(fitted.learn(&lessons()).await.expect("it learns").fitting, Fitting::Whole);
        let mut in_another_order = lessons();
        in_another_order.examples.reverse();
        let report = kept.learn(&in_another_order).await.expect("it learns");
        assert_eq!((report.fitting, report.n_encoded, report.n_examples), (Fitting::Kept, 0, 20));
        assert_eq!(guesses(&fitted).await, guesses(&kept).await);
        let other = Lessons { thresholds: Thresholds { answer: Some(0.9), ..lessons().thresholds }, ..lessons() };
        assert_ne!(start(Some(dir.path())).learn(&other).await.expect("it learns").fitting, Fitting::Kept);
    }

    #[tokio::test]
    async fn a_damaged_head_is_fitted_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let fitted = start(Some(dir.path()));
        fitted.learn(&lessons()).await.expect("it learns");
        let files = std::fs::read_dir(dir.path()).expect("the folder is there").flatten();
        let is_head = |path: &std::path::PathBuf| path.to_string_lossy().contains("head-");
        let path = files.map(|file| file.path()).find(is_head).expect("the head is kept");
        let whole = std::fs::read(&path).expect("it is there");
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for damaged in [&whole[..whole.len() / 2], &flipped, b""] {
            std::fs::write(&path, damaged).expect("written");
            let again = start(Some(dir.path()));
            let report = again.learn(&lessons()).await.expect("it learns");
            assert_eq!((report.fitting, report.n_encoded), (Fitting::Whole, 0));
            assert_eq!(guesses(&fitted).await, guesses(&again).await);
        }
    }

    #[tokio::test]
    async fn one_more_example_is_known_at_once_and_then_as_if_it_had_always_been_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let nudged = start(Some(dir.path()));
        nudged.learn(&lessons()).await.expect("it learns");
        let before = guesses(&nudged).await;
        assert_eq!(nudged.learn(&with_one_more()).await.expect("it learns").fitting, Fitting::Nudged);
        let after = guesses(&nudged).await;
        let confidence =
            |guess: &Guess| guess.ranked.iter().find(|it| it.intent == "refund_status").map_or(0.0, |it| it.confidence);
        let (before, after) = (confidence(&before[3]), confidence(&after[3]));
        assert!(before + 0.1 < after, "{before} {after}");

        let report = nudged.settle().await.expect("it has learnt");
        assert_eq!((report.fitting, report.n_examples), (Fitting::Whole, 21));
        let whole = start(None);
        whole.learn(&with_one_more()).await.expect("it learns");
        assert_eq!(guesses(&nudged).await, guesses(&whole).await);
        let again = start(Some(dir.path())).learn(&with_one_more()).await.expect("it learns");
        assert_eq!(again.fitting, Fitting::Kept, "the whole fit after the nudge is kept for the next start");
    }

    #[tokio::test]
    async fn lessons_that_come_during_the_whole_fit_are_the_ones_that_stay() {
        let classifier = start(None);
        classifier.learn(&lessons()).await.expect("it learns");
        classifier.learn(&with_one_more()).await.expect("it learns");
        classifier.learn(&lessons()).await.expect("it learns");
        classifier.settle().await.expect("it has learnt");
        let fresh = start(None);
        fresh.learn(&lessons()).await.expect("it learns");
        assert_eq!(guesses(&classifier).await, guesses(&fresh).await);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_guess_is_answered_while_it_learns() {
        let classifier = start(None);
        classifier.learn(&lessons()).await.expect("it learns");
        let mut many = lessons();
        many.examples
            .extend((0..40).map(|i| Example { intent: "refund_status".into(), text: format!("refund number {i}") }));
        for lessons in [with_one_more(), lessons(), many] {
            let learning = tokio::spawn({
                let classifier = classifier.clone();
                async move {
                    classifier.learn(&lessons).await.expect("it learns");
                    classifier.settle().await
                }
            });
            while !learning.is_finished() {
                classifier.guess(ASKED[0]).await.expect("a guess");
            }
            learning.await.expect("no panic").expect("it has learnt");
        }
    }
}
