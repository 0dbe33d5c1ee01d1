//! The opening hours as data: which minutes of which days people are there.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::Fault;
use super::file::HoursFile;
use super::{did_you_mean, read::Source};

/// Minutes in a day.
pub const DAY_MINUTES: u16 = 24 * 60;

/// The names of the days in `[hours.week]`, from Monday on.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// When people are there.
#[derive(Clone, Debug)]
pub struct OpeningHours {
    /// In plain words.
    pub text: String,
    /// The business's time zone.
    pub time_zone: TimeZone,
    /// The open spans of each day, from Monday on, in order and apart; none on a closed day.
    pub week: [Vec<Span>; 7],
    /// Closed days, whatever the weekday.
    pub holidays: BTreeSet<Date>,
    /// How long a person takes for one conversation, in minutes, until it has been measured.
    pub minutes_per_conversation: u32,
}

/// A stretch of time within one day, in minutes after midnight on the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first open minute.
    pub from: u16,
    /// The first minute that is closed again, after `from`, at most [`DAY_MINUTES`].
    pub to: u16,
}

impl OpeningHours {
    /// The open spans of a date; none on a holiday.
    pub fn on(&self, date: Date) -> &[Span] {
        match self.holidays.contains(&date) {
            true => &[],
            false => self.on_weekday(date.weekday()),
        }
    }

    /// The open spans of a weekday that is no holiday.
    pub fn on_weekday(&self, weekday: Weekday) -> &[Span] {
        let place = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or_default();
        self.week.get(place).map_or(&[], Vec::as_slice)
    }
}

/// Reads the hours; what is wrong with them is added to the faults.
pub(super) fn read_hours(file: &HoursFile, time_zone: &str, source: &Source, faults: &mut Vec<Fault>) -> OpeningHours {
    let time_zone = TimeZone::get(time_zone).unwrap_or_else(|_| {
        let what = format!("there is no time zone `{time_zone}`");
        faults.push(source.fault("time_zone", what, "Write it like `Europe/London` or `America/New_York`."));
        TimeZone::UTC
    });
    let mut week: [Vec<Span>; 7] = Default::default();
    for (day, spans) in &file.week {
        let path = format!("hours.week.{day}");
        match DAYS.iter().position(|it| it == day) {
            Some(place) => match read_spans(spans) {
                Ok(spans) => week[place] = spans,
                Err(what) => {
                    faults.push(source.fault(&path, what, "Write it like `\"09:00-17:00\"`, or leave the day out."))
                }
            },
            None => {
                let hint = did_you_mean(day, DAYS).unwrap_or_else(|| format!("Days are {}.", DAYS.join(", ")));
                faults.push(source.fault(&path, format!("`{day}` is not a day"), hint));
            }
        }
    }
    if week.iter().all(Vec::is_empty) && file.week.keys().all(|it| DAYS.contains(&it.as_str())) {
        let hint = "Add days to `[hours.week]`: nobody is ever handed to a person without them.";
        faults.push(source.fault("hours", "no day has opening hours", hint));
    }
    let mut holidays = BTreeSet::new();
    for (i, day) in file.holidays.iter().enumerate() {
        let path = format!("hours.holidays.{i}");
        match day.parse::<Date>() {
            Ok(date) => {
                if !holidays.insert(date) {
                    faults.push(source.fault(&path, format!("{day} stands here twice"), "Take one out."));
                }
            }
            Err(_) => {
                faults.push(source.fault(&path, format!("`{day}` is not a date"), "Write it like `\"2026-12-25\"`."))
            }
        }
    }
    if file.minutes_per_conversation == 0 {
        let what = "`minutes_per_conversation` is 0";
        faults.push(source.fault(
            "hours.minutes_per_conversation",
            what,
            "Say how long a person takes, 4 for instance.",
        ));
    }
    let minutes_per_conversation = file.minutes_per_conversation;
    OpeningHours { text: file.text.clone(), time_zone, week, holidays, minutes_per_conversation }
}

fn read_spans(text: &str) -> Result<Vec<Span>, String> {
    let mut spans: Vec<Span> = Vec::new();
    for part in text.split(',') {
        let read = part.trim().split_once('-').and_then(|(from, to)| Some((read_minute(from)?, read_minute(to)?)));
        let Some((from, to)) = read else { return Err(format!("`{text}` are not opening hours")) };
        if to <= from {
            return Err(format!("`{text}` ends before it begins"));
        }
        if spans.last().is_some_and(|it| from <= it.to) {
            return Err(format!("`{text}` has hours that overlap or are out of order"));
        }
        spans.push(Span { from, to });
    }
    Ok(spans)
}

fn read_minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two_digits = |it: &str| it.len() == 2 && it.bytes().all(|it| it.is_ascii_digit());
    let (hour, minute) = match (two_digits(hour) || hour.len() == 1, two_digits(minute)) {
        (true, true) => (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?),
        _ => return None,
    };
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY_MINUTES).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_minutes_after_midnight() {
        assert_eq!(read_spans("09:00-17:30"), Ok(vec![Span { from: 540, to: 1050 }]));
        assert_eq!(read_spans("9:00-12:00, 13:00-24:00").map(|it| it.len()), Ok(2));
    }

    #[test]
    fn hours_that_make_no_sense_are_refused() {
        for text in [
            "",
            "9-17",
            "09:00",
            "17:00-09:00",
            "09:60-10:00",
            "09:00-25:00",
            "13:00-17:00,09:00-12:00",
            "+9:00-10:00",
            "009:00-10:00",
        ] {
            assert!(read_spans(text).is_err(), "{text}");
        }
    }
}
