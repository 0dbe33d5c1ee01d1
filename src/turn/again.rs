//! Leaves out of an answer what another one has said in the same breath: of three bills each ends with the same sentence.

/// Words of a sentence that is worth leaving out; a shorter one costs nothing.
const WORDS_MIN: usize = 5;

/// A text without the sentences that stand in `said`. One that says nothing else stays as it is.
pub(super) fn without(text: &str, said: &str) -> String {
    let is_new = |sentence: &&str| {
        let sentence = sentence.trim();
        sentence.split_whitespace().count() < WORDS_MIN || !said.contains(sentence)
    };
    let mut kept: Vec<String> = Vec::new();
    for line in text.lines() {
        let rest: String = sentences(line).into_iter().filter(is_new).collect();
        // A line that has lost all its words leaves no gap.
        let is_gap = line.trim().is_empty() && kept.last().is_some_and(|it| !it.is_empty());
        if is_gap || !rest.trim().is_empty() {
            kept.push(rest.trim_end().to_owned());
        }
    }
    let kept = kept.join("\n").trim().to_owned();
    if kept.is_empty() { text.to_owned() } else { kept }
}

/// The sentences of a line, with the spaces before them. A stop within a figure or an address ends none.
fn sentences(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, _) in line.match_indices(['.', '!', '?']) {
        if line[at + 1..].starts_with(' ') {
            found.push(&line[from..=at]);
            from = at + 1;
        }
    }
    found.push(&line[from..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_in_the_same_breath_is_not_said_again() {
        let may = "Your May bill is £42.00. It is paid. If you think that's wrong, I can have it checked.";
        let june = "Your June bill is £54.00. It is paid. If you think that's wrong, I can have it checked.";
        assert_eq!(without(june, may), "Your June bill is £54.00. It is paid.");
        assert_eq!(without(may, ""), may);
    }

    #[test]
    fn an_answer_that_says_nothing_else_stays() {
        let text = "You owe nothing on any of your bills.";
        assert_eq!(without(text, text), text);
    }

    #[test]
    fn lines_that_are_left_out_leave_no_gap() {
        let said = "One. A colleague can look at all of that.";
        assert_eq!(without("- two\n\nA colleague can look at all of that.\n\nThree?", said), "- two\n\nThree?");
        assert_eq!(without("It's 9.40 for a.b.example today.\nBye.", said), "It's 9.40 for a.b.example today.\nBye.");
    }
}
