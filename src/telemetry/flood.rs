//! Keeps whoever causes many lines of the log from filling the disk with them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tracing::callsite::Identifier;
use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

/// Lines a second that one place in the program may write on average, and how many at once.
const LINES_PER_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("it isn't zero");
const LINES_AT_ONCE: NonZeroU32 = NonZeroU32::new(100).expect("it isn't zero");

/// How often it is told what was left out.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// How many lines were left out since it was last told, by the place that wrote them.
static LEFT_OUT: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// Lets each place in the program write so many lines. Whoever asks for debugging gets all of that.
pub struct Flood {
    lines: DefaultKeyedRateLimiter<Identifier>,
}

impl Flood {
    /// A flood that nothing has come with yet.
    pub fn new() -> Self {
        Self { lines: RateLimiter::keyed(Quota::per_second(LINES_PER_SECOND).allow_burst(LINES_AT_ONCE)) }
    }

    fn lets_through(&self, place: &'static Metadata<'static>) -> bool {
        if Level::INFO < *place.level() || self.lines.check_key(&place.callsite()).is_ok() {
            return true;
        }
        let place = format!("{}:{}", place.file().unwrap_or(place.target()), place.line().unwrap_or_default());
        *LEFT_OUT.lock().unwrap_or_else(PoisonError::into_inner).entry(place).or_default() += 1;
        false
    }
}

impl<S> Filter<S> for Flood {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.lets_through(event.metadata())
    }
}

/// Tells every so often, for ever, which lines were left out of the log.
pub async fn tell_left_out() {
    loop {
        tokio::time::sleep(TELL_EVERY).await;
        let left_out = std::mem::take(&mut *LEFT_OUT.lock().unwrap_or_else(PoisonError::into_inner));
        for (place, n) in left_out {
            tracing::warn!(place, n, "lines like this one were left out of the log: there were too many");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// Text that the log has written.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no test panics with it").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn one_place_that_writes_very_often_is_cut_short_and_others_are_not() {
        let written = Written::default();
        let to = written.clone();
        let log = tracing_subscriber::fmt::layer().with_writer(move || to.clone()).with_filter(Flood::new());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(log), || {
            for n in 0..5_000 {
                tracing::info!(n, "a stranger was refused");
            }
            tracing::info!("something else");
        });
        let text = String::from_utf8(written.0.lock().expect("no test panics with it").clone()).expect("text");
        let n = text.lines().filter(|it| it.contains("a stranger was refused")).count();
        assert!((100..200).contains(&n), "{n} lines");
        assert!(text.contains("something else"));
        let left_out = LEFT_OUT.lock().expect("no test panics with it");
        assert!(left_out.iter().any(|(place, n)| place.contains("flood.rs") && 4_000 < *n), "{left_out:?}");
    }
}
