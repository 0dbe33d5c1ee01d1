//! Conversations as customers would have them: situations that must go as written, and random ones in which nothing may be
//! said twice in a row, nobody is left without a word, and nothing is done that nobody meant.

use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use plainbill::billing::demo::{self, Demo};
use plainbill::classifier::Classifier;
use plainbill::content::Content;
use plainbill::conversation::{Owner, Sender, What};
use plainbill::talks::{self, Stage};

mod support;

/// Random conversations.
const WALKS: u64 = 60;
/// Turns of each.
const TURNS: usize = 9;
/// When they take place: within the opening hours, and on a Saturday evening.
const TIMES: [&str; 2] = ["2026-06-16T10:00", "2026-06-20T20:00"];

/// What customers say in any topic.
const ANYWHERE: [&str; 26] = [
    "yes",
    "no",
    "ok",
    "not yet",
    "yes please",
    "the second one",
    "and the one before?",
    "why",
    "when",
    "how much",
    "that's what you just said",
    "hello?",
    "I meant the payment",
    "asdfgh",
    "both of them",
    "tell me a joke",
    "no thanks",
    "yes but not today",
    "human",
    "how long does that take",
    "and september",
    "thanks",
    "that's wrong",
    "??",
    "ok do it",
    "are you a bot",
];

fn main() {
    let arguments = Arguments::from_args();
    let content = Arc::new(Content::load(Path::new("intents")).expect("the content has no faults"));
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let classifier = runtime.block_on(support::classifier(&content));
    let runtime = Arc::new(runtime);
    let situations = talks::in_files(Path::new("tests/situations")).expect("the situations can be read");
    let mut trials: Vec<Trial> = situations
        .into_iter()
        .map(|talk| {
            let (content, classifier, runtime) = (content.clone(), classifier.clone(), runtime.clone());
            Trial::test(talk.title.clone(), move || {
                runtime.block_on(talks::run(&content, &classifier, &talk)).map(drop).map_err(Failed::from)
            })
        })
        .collect();
    for seed in 0..WALKS {
        let (content, classifier, runtime) = (content.clone(), classifier.clone(), runtime.clone());
        let title = format!("random conversation {seed}: nothing is said twice in a row, nothing is done unasked");
        trials.push(Trial::test(title, move || {
            runtime.block_on(walk(&content, &classifier, seed)).map_err(Failed::from)
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Numbers that look random and are the same each time (Knuth's linear congruential generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % (n.max(1) as u64)).expect("it is below a usize")
    }
}

async fn walk(content: &Arc<Content>, classifier: &Classifier, seed: u64) -> Result<(), String> {
    let mut numbers = Numbers(seed.wrapping_mul(7_919).wrapping_add(13));
    let at: jiff::civil::DateTime = TIMES[numbers.below(TIMES.len())].parse().expect("a time");
    let now = at.to_zoned(content.hours.time_zone.clone()).expect("it is there").timestamp();
    let mut stage = Stage::new(content, classifier, Arc::new(Demo::on(at.date())), now);
    let customers = demo::customers();
    if 0 < numbers.below(4) {
        stage.verify(customers[numbers.below(customers.len())].id);
    }
    let examples: Vec<&str> = content.examples().map(|it| it.1).collect();
    for _ in 0..TURNS {
        let before = stage.state().clone();
        let within = before.topic.iter().flat_map(|topic| content.follow_ups_in(topic));
        let within: Vec<&str> = within.flat_map(|it| it.file.examples.iter().map(String::as_str)).collect();
        let offered = &before.offered;
        let mut said = String::new();
        let (outcome, tapped) = match numbers.below(8) {
            0 | 1 if !offered.is_empty() => {
                let choice = offered[numbers.below(offered.len())].id.clone();
                (stage.tap(&choice).await?, true)
            }
            0..4 if !within.is_empty() => {
                let text = within[numbers.below(within.len())];
                (stage.say(text).await.map_err(|error| error.to_string())?, false)
            }
            4 | 5 => {
                let text = examples[numbers.below(examples.len())];
                said = text.to_owned();
                (stage.say(text).await.map_err(|error| error.to_string())?, false)
            }
            _ => {
                let text = ANYWHERE[numbers.below(ANYWHERE.len())];
                (stage.say(text).await.map_err(|error| error.to_string())?, false)
            }
        };
        let failed = |what: &str| Err(format!("{what}\n{}", stage.transcript()));
        if outcome.events.is_empty() && before.owner != Owner::Staff {
            return failed("nothing is said");
        }
        let mut last = before.last_said.clone();
        for event in outcome.events.iter().filter(|it| it.from == Sender::Bot) {
            let text = match &event.what {
                What::Message(message) => &message.text,
                What::Receipt(receipt) => &receipt.text,
                _ => continue,
            };
            if last.as_ref() == Some(text) {
                return failed("the same is said twice in a row");
            }
            last = Some(text.clone());
        }
        let done =
            outcome.events.iter().any(|it| matches!(&it.what, What::Receipt(receipt) if receipt.action != "send_copy"));
        // Whoever says once more what stands there to tap, in words that name it, has said yes to it.
        let acting = before.topic.as_deref().and_then(|it| content.intents.get(it));
        let names_it = before.confirms.is_some() && acting.is_some_and(|it| it.file.examples.contains(&said));
        if done && !tapped && !before.asks_yes && !names_it {
            return failed("something is done, and the message before asked no yes");
        }
        if stage.state().owner == Owner::Nobody {
            break;
        }
    }
    Ok(())
}
