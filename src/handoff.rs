//! Who takes a conversation that the bot leaves, when, and how long that takes.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::content::Content;
use crate::conversation::{ConversationId, Reason, format};
use crate::store::Stint;

/// How far ahead the next opening is looked for.
const DAYS_AHEAD_MAX: i32 = 60;
/// After opening, the first answers take a while: what is promised is opening time plus this, in minutes.
const ANSWER_AFTER_OPENING_MINUTES: i64 = 30;
/// The longest wait that is put into a number, in minutes.
const MINUTES_MAX: u32 = 240;

/// Who waits for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitingList {
    /// The conversations, first served first.
    pub order: Vec<ConversationId>,
    /// How many of them are urgent; these stand in front.
    pub n_urgent: usize,
    /// How long a person takes for one, in minutes.
    pub minutes_each: u32,
    /// How many people are there.
    pub n_staff: u32,
    /// When somebody answers, outside the opening hours: whoever waits is told when hours end, begin or are changed.
    pub back: Option<String>,
}

impl WaitingList {
    /// Where a conversation stands; 1 is next.
    pub fn place_of(&self, id: &ConversationId) -> Option<u32> {
        let index = self.order.iter().position(|it| it == id)?;
        u32::try_from(index + 1).ok()
    }

    /// Where a conversation would stand that is queued now; one that waits already keeps a better place.
    pub fn next_place(&self, id: &ConversationId, urgent: bool) -> u32 {
        let before = if urgent { self.n_urgent } else { self.order.len() };
        let next = u32::try_from(before + 1).unwrap_or(u32::MAX);
        self.place_of(id).map_or(next, |it| it.min(next))
    }
}

/// What can honestly be said about waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// People are there now.
    pub open: bool,
    /// The place in the line; 1 is next.
    pub place: Option<u32>,
    /// The estimate, within the opening hours.
    pub minutes: Option<u32>,
    /// When somebody will answer by, outside the hours: "Tuesday 9:30".
    pub back: Option<String>,
    /// The same as a moment, in milliseconds since 1970: the promise.
    pub back_ms: Option<i64>,
}

/// What can be said to somebody at this place, now.
pub fn wait(content: &Content, now: Timestamp, line: &WaitingList, place: Option<u32>) -> Wait {
    let now = now.to_zoned(content.hours.time_zone.clone());
    if is_open(content, &now) {
        // With nobody there, no number is known.
        let place_there = place.filter(|_| 0 < line.n_staff);
        let minutes = |it: u32| it.saturating_mul(line.minutes_each).div_ceil(line.n_staff).clamp(1, MINUTES_MAX);
        let minutes = place_there.map(minutes);
        return Wait { open: true, place, minutes, back: None, back_ms: None };
    }
    let back = next_opening(content, &now);
    let answer_by = back.and_then(|it| it.checked_add(ANSWER_AFTER_OPENING_MINUTES.minutes()).ok());
    Wait {
        open: false,
        place,
        minutes: None,
        back: answer_by.as_ref().map(|it| in_words(it, now.date())),
        back_ms: answer_by.map(|it| it.timestamp().as_millisecond()),
    }
}

/// When somebody answers, outside the opening hours.
pub fn back(content: &Content, now: Timestamp) -> Option<String> {
    wait(content, now, &WaitingList::default(), None).back
}

/// Whether people are there.
pub fn is_open(content: &Content, now: &Zoned) -> bool {
    let minute = minute_of_day(now);
    content.hours.on(now.date()).iter().any(|span| i32::from(span.from) <= minute && minute < i32::from(span.to))
}

/// When people are there again; none when no opening is near.
fn next_opening(content: &Content, now: &Zoned) -> Option<Zoned> {
    let mut date = now.date();
    for _ in 0..DAYS_AHEAD_MAX {
        for span in content.hours.on(date) {
            let midnight = date.to_zoned(content.hours.time_zone.clone()).ok()?;
            // On the wall clock, also on the day when the clocks change.
            let at = midnight.with().hour(hour(span.from)).minute(minute(span.from)).build().ok()?;
            if *now < at {
                return Some(at);
            }
        }
        date = date.tomorrow().ok()?;
    }
    None
}

fn minute_of_day(at: &Zoned) -> i32 {
    i32::from(at.hour()) * 60 + i32::from(at.minute())
}

fn hour(minutes: u16) -> i8 {
    i8::try_from(minutes / 60).unwrap_or(23)
}

fn minute(minutes: u16) -> i8 {
    i8::try_from(minutes % 60).unwrap_or(0)
}

/// "9:30 today", "Tuesday 9:30", "Monday 4 January 9:30".
fn in_words(at: &Zoned, today: Date) -> String {
    let clock = format!("{}:{:02}", at.hour(), at.minute());
    let days = today.until(at.date()).map_or(i32::MAX, |it| it.get_days());
    match days {
        0 => format!("{clock} today"),
        1..=6 => format!("{} {clock}", format::weekday(at.weekday())),
        _ => format!("{} {clock}", format::date(at.date(), today)),
    }
}

/// How long a person takes for one conversation, in minutes: the median of the finished stints, or the content's word
/// while there are fewer than five. One that was left open for a night says nothing of the others.
pub fn minutes_each(stints: &[Stint], default: u32) -> u32 {
    let mut lasted: Vec<i64> = stints.iter().filter_map(|it| it.lasted_ms).collect();
    if lasted.len() < STINTS_MIN {
        return default.max(1);
    }
    lasted.sort_unstable();
    let minutes = lasted[lasted.len() / 2].div_euclid(60_000);
    u32::try_from(minutes).unwrap_or(default).clamp(1, MINUTES_MAX)
}

/// Fewer stints say nothing.
const STINTS_MIN: usize = 5;

/// Why a conversation waits, for staff, in one plain sentence.
pub fn reason_in_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Asked => "Asked for a person.",
        Reason::Missed => "The bot didn't understand twice.",
        Reason::Content => "A person has to do this.",
        Reason::Urgent => "Urgent: read this first.",
        Reason::Trouble => "The bot had a problem.",
        Reason::DoesNotAddUp => "The bill can't be fully explained.",
        Reason::BillingDown => "Billing couldn't be reached.",
        Reason::Taken => "A colleague has it.",
        Reason::HandedBack => "Given back to the bot.",
        Reason::Closed => "Closed by a colleague.",
        Reason::Ended => "Ended by the customer.",
        Reason::Reopened => "The customer wrote again.",
        Reason::StartedOver => "The customer went back to the bot.",
        Reason::Left => "The colleague who had it has gone.",
    }
}
