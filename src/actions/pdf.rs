//! Makes a copy of a bill as a PDF that can be read, searched, listened to and printed.
//!
//! First everything gets its place on pages, then the pages are drawn; what is drawn is tagged, so that a screen
//! reader finds headings and a table. Measured in points, from the top left.

use std::num::NonZeroU16;

use jiff::civil::Date;
use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree,
};
use krilla::text::{Font, TextDirection};

use crate::billing::{Account, Frequency, Invoice, Line};
use crate::content::file::BusinessFile;
use crate::conversation::format;

static REGULAR: &[u8] = include_bytes!("fonts/PublicSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("fonts/PublicSans-Bold.ttf");

/// A4.
const WIDTH: f32 = 595.0;
/// A4.
const HEIGHT: f32 = 842.0;
/// What stays free at every edge.
const MARGIN: f32 = 56.0;
/// The lowest line of text; below it stands the page's number.
const BOTTOM: f32 = HEIGHT - 84.0;
/// Everyday text.
const SIZE: f32 = 10.0;
/// From one line of text to the next, in sizes.
const LEADING: f32 = 1.45;
/// Where the column with the days begins.
const DAYS_AT: f32 = 330.0;
/// Characters of one text; billing systems have been known to send whole letters as a label.
const CHARS_MAX: usize = 400;

/// Why a copy could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the copy of a bill could not be made: {0}")]
pub struct PdfError(String);

/// A bill as a PDF.
pub fn bill(business: &BusinessFile, account: &Account, bill: &Invoice, today: Date) -> Result<Vec<u8>, PdfError> {
    let mut sheet = Sheet::new()?;
    head(&mut sheet, business, account, bill);
    lines(&mut sheet, bill);
    foot(&mut sheet, business, account, bill, today);
    let title = format!("{} bill {}", business.name, bill.number);
    let foot = format!("{} · {}", business.name, bill.number);
    let language = if business.language.starts_with("en") { &business.language } else { "en" };
    sheet.draw(&title, language, &foot)
}

fn head(sheet: &mut Sheet, business: &BusinessFile, account: &Account, bill: &Invoice) {
    sheet.heading(&business.name, 18.0);
    let contact = [business.address.as_str(), business.email.as_str(), business.phone.as_str()];
    sheet.paragraph(&contact.map(str::to_owned), Look::Faint);
    sheet.space(20.0);
    let person = &account.person;
    let tax_id = person.tax_id.as_ref().map(|it| format!("Tax number {it}"));
    let mut to: Vec<String> = person.company.iter().cloned().collect();
    to.push(person.name.clone());
    to.extend(person.address.split(['\n', ',']).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()));
    to.extend(tax_id);
    sheet.paragraph(&to, Look::Plain);
    sheet.space(22.0);
    sheet.heading(&format!("Bill {}", bill.number), 14.0);
    sheet.space(4.0);
    let mut facts = vec![
        ("Customer number", account.number.clone()),
        ("Date", long_date(bill.issued)),
        ("Due", long_date(bill.due)),
    ];
    if bill.void {
        facts.push(("State", "called off: nothing is to be paid".to_owned()));
    }
    for (name, value) in facts {
        sheet.pair(name, &value);
    }
    sheet.space(18.0);
}

fn lines(sheet: &mut Sheet, bill: &Invoice) {
    sheet.begin_table();
    for line in &bill.lines {
        sheet.row(&line.label, &days(line), &line.amount.text(), Look::Plain);
    }
    sheet.rule();
    sheet.row("Total", "", &bill.total.text(), Look::Bold);
    if bill.tax.minor != 0 {
        let rate = bill.tax_percent.map(|it| format!("{it} %")).unwrap_or_default();
        sheet.row("Tax in the total", &rate, &bill.tax.text(), Look::Faint);
    }
    if bill.paid.minor != 0 {
        sheet.row("Paid so far", "", &bill.paid.text(), Look::Plain);
    }
    sheet.row("To be paid", "", &bill.owed().text(), Look::Bold);
    sheet.end_table();
    sheet.space(18.0);
}

fn foot(sheet: &mut Sheet, business: &BusinessFile, account: &Account, bill: &Invoice, today: Date) {
    sheet.heading("How to pay", 12.0);
    let mut words = Vec::new();
    match (bill.owed().minor, account.autopay, &account.method) {
        (0, _, _) => words.push("Nothing is to be paid for this bill.".to_owned()),
        (_, true, Some(method)) => {
            words.push(format!("We take {} by ourselves from your {}.", bill.owed().text(), method.text()));
        }
        _ => {
            words.push(format!("Please pay {} by {}.", bill.owed().text(), long_date(bill.due)));
            words.push(format!("Online: {}", business.pay_url));
            words.push(format!("By phone: {}", business.phone));
            words.push(format!("We take {}.", format::list(&business.payment_methods)));
        }
    }
    words.push(format!("Name your customer number {} and the bill {}.", account.number, bill.number));
    sheet.paragraph(&words, Look::Plain);
    sheet.space(10.0);
    let period = match account.plan.frequency {
        Frequency::Month => "month",
        Frequency::Year => "year",
    };
    let plan = format!("Your plan: {}, {} a {period}.", account.plan.name, account.plan.price.text());
    sheet.paragraph(&[plan, format!("Copy of {}.", long_date(today))], Look::Faint);
}

/// A printed date stands for itself: it always has its year.
fn long_date(date: Date) -> String {
    format!("{} {} {}", date.day(), format::month_name(date), date.year())
}

fn days(line: &Line) -> String {
    match (line.from, line.to) {
        (Some(from), Some(to)) if from == to => long_date(from),
        (Some(from), Some(to)) if from.year() == to.year() => {
            format!("{} {} to {}", from.day(), format::month_name(from), long_date(to))
        }
        (Some(from), Some(to)) => format!("{} to {}", long_date(from), long_date(to)),
        (Some(day), None) | (None, Some(day)) => long_date(day),
        (None, None) => String::new(),
    }
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Plain,
    Faint,
    Bold,
}

/// A text in its place; `id` counts those that are no mere ornament.
struct Piece {
    text: String,
    x: f32,
    y: f32,
    size: f32,
    look: Look,
    id: Option<usize>,
}

/// What a screen reader finds, in order; numbers are ids of pieces.
enum Block {
    Heading(String, Vec<usize>),
    Paragraph(Vec<usize>),
    Table(Vec<[Vec<usize>; 3]>),
}

#[derive(Default)]
struct Page {
    pieces: Vec<Piece>,
    rules: Vec<f32>,
}

/// The pages in the making.
struct Sheet {
    faces: [ttf_parser::Face<'static>; 2],
    pages: Vec<Page>,
    y: f32,
    n_pieces: usize,
    blocks: Vec<Block>,
    in_table: bool,
}

impl Sheet {
    fn new() -> Result<Self, PdfError> {
        let face = |bytes| ttf_parser::Face::parse(bytes, 0).map_err(|error| PdfError(error.to_string()));
        Ok(Self {
            faces: [face(REGULAR)?, face(BOLD)?],
            pages: vec![Page::default()],
            y: MARGIN,
            n_pieces: 0,
            blocks: Vec::new(),
            in_table: false,
        })
    }

    fn width(&self, text: &str, size: f32, look: Look) -> f32 {
        let face = &self.faces[usize::from(look == Look::Bold)];
        let advance = |letter| face.glyph_index(letter).and_then(|it| face.glyph_hor_advance(it)).unwrap_or(500);
        let units: u32 = text.chars().map(|it| u32::from(advance(it))).sum();
        units as f32 * size / f32::from(face.units_per_em())
    }

    /// A text in lines that fit; a word that is too long is cut.
    fn wrap(&self, text: &str, width: f32, size: f32, look: Look) -> Vec<String> {
        let text: String = text.chars().take(CHARS_MAX).collect();
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let mut word = word.to_owned();
            loop {
                let last = lines.last_mut().expect("there is one from the start");
                let longer = if last.is_empty() { word.clone() } else { format!("{last} {word}") };
                if self.width(&longer, size, look) <= width {
                    *last = longer;
                    break;
                }
                if !last.is_empty() {
                    lines.push(String::new());
                    continue;
                }
                let mut n = word.chars().count();
                let head = |n: usize| word.chars().take(n).collect::<String>();
                while 1 < n && width < self.width(&head(n), size, look) {
                    n -= 1;
                }
                *last = head(n);
                word = word.chars().skip(n).collect();
                if word.is_empty() {
                    break;
                }
                lines.push(String::new());
            }
        }
        lines
    }

    /// Goes to the next page where what comes does not fit on this one.
    fn make_room(&mut self, height: f32) {
        if self.y + height <= BOTTOM {
            return;
        }
        self.pages.push(Page::default());
        self.y = MARGIN;
        if self.in_table {
            self.table_head(false);
        }
    }

    fn put(&mut self, text: &str, x: f32, size: f32, look: Look, is_read: bool) -> usize {
        let id = self.n_pieces;
        self.n_pieces += usize::from(is_read);
        let piece = Piece { text: text.to_owned(), x, y: self.y + size, size, look, id: is_read.then_some(id) };
        self.page().pieces.push(piece);
        id
    }

    fn page(&mut self) -> &mut Page {
        self.pages.last_mut().expect("there is one from the start")
    }

    fn space(&mut self, height: f32) {
        self.y += height;
    }

    fn heading(&mut self, text: &str, size: f32) {
        // Never alone at the foot of a page.
        self.make_room(size * LEADING + 3.0 * SIZE * LEADING);
        let mut ids = Vec::new();
        for line in self.wrap(text, WIDTH - 2.0 * MARGIN, size, Look::Bold) {
            ids.push(self.put(&line, MARGIN, size, Look::Bold, true));
            self.y += size * LEADING;
        }
        self.blocks.push(Block::Heading(text.to_owned(), ids));
    }

    fn paragraph(&mut self, texts: &[String], look: Look) {
        let mut ids = Vec::new();
        for text in texts {
            for line in self.wrap(text, WIDTH - 2.0 * MARGIN, SIZE, look) {
                self.make_room(SIZE * LEADING);
                ids.push(self.put(&line, MARGIN, SIZE, look, true));
                self.y += SIZE * LEADING;
            }
        }
        self.blocks.push(Block::Paragraph(ids));
    }

    /// A name and its value on one line.
    fn pair(&mut self, name: &str, value: &str) {
        self.make_room(SIZE * LEADING);
        let ids = vec![
            self.put(name, MARGIN, SIZE, Look::Faint, true),
            self.put(value, MARGIN + 110.0, SIZE, Look::Plain, true),
        ];
        self.y += SIZE * LEADING;
        self.blocks.push(Block::Paragraph(ids));
    }

    fn begin_table(&mut self) {
        self.make_room(6.0 * SIZE * LEADING);
        self.blocks.push(Block::Table(Vec::new()));
        self.table_head(true);
        self.in_table = true;
    }

    fn end_table(&mut self) {
        self.in_table = false;
    }

    /// The names of the columns; on further pages they are for the eye only.
    fn table_head(&mut self, is_read: bool) {
        let amount = "Amount";
        let x = WIDTH - MARGIN - self.width(amount, SIZE, Look::Bold);
        let ids = [("What", MARGIN), ("Days", DAYS_AT), (amount, x)]
            .map(|(text, x)| vec![self.put(text, x, SIZE, Look::Bold, is_read)]);
        if is_read {
            self.keep_row(ids);
        }
        self.y += SIZE * LEADING;
        self.rule();
    }

    fn keep_row(&mut self, ids: [Vec<usize>; 3]) {
        if let Some(Block::Table(rows)) = self.blocks.last_mut() {
            rows.push(ids);
        }
    }

    fn row(&mut self, label: &str, days: &str, amount: &str, look: Look) {
        let labels = self.wrap(label, DAYS_AT - MARGIN - 12.0, SIZE, look);
        let amount_at = WIDTH - MARGIN - self.width(amount, SIZE, look);
        let days = self.wrap(days, amount_at - DAYS_AT - 8.0, SIZE, look);
        let n_lines = labels.len().max(days.len());
        self.make_room(n_lines as f32 * SIZE * LEADING);
        let mut ids = [Vec::new(), Vec::new(), vec![self.put(amount, amount_at, SIZE, look, true)]];
        for place in 0..n_lines {
            for (column, texts, x) in [(0, &labels, MARGIN), (1, &days, DAYS_AT)] {
                if let Some(text) = texts.get(place).filter(|it| !it.is_empty()) {
                    ids[column].push(self.put(text, x, SIZE, look, true));
                }
            }
            self.y += SIZE * LEADING;
        }
        self.y += 2.0;
        self.keep_row(ids);
    }

    fn rule(&mut self) {
        let y = self.y + 1.0;
        self.page().rules.push(y);
        self.y += 6.0;
    }

    fn draw(self, title: &str, language: &str, foot: &str) -> Result<Vec<u8>, PdfError> {
        let font = |bytes: &'static [u8]| Font::new(bytes.into(), 0).ok_or(PdfError("the font cannot be read".into()));
        let fonts = [font(REGULAR)?, font(BOLD)?];
        let mut document = Document::new();
        let mut drawn: Vec<Option<Identifier>> = (0..self.n_pieces).map(|_| None).collect();
        let n_pages = self.pages.len();
        for (index, page) in self.pages.iter().enumerate() {
            let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PdfError("a page has a size".into()))?;
            let mut on = document.start_page_with(size);
            let mut surface = on.surface();
            for y in &page.rules {
                draw_rule(&mut surface, *y);
            }
            for piece in &page.pieces {
                let id = draw_piece(&mut surface, piece, &fonts);
                if let (Some(place), Some(id)) = (piece.id, id) {
                    drawn[place] = Some(id);
                }
            }
            let number = format!("{foot} · page {} of {n_pages}", index + 1);
            let look = Look::Faint;
            let piece = Piece { text: number, x: MARGIN, y: HEIGHT - 44.0, size: 8.5, look, id: None };
            draw_piece(&mut surface, &piece, &fonts);
            surface.finish();
            on.finish();
        }
        document.set_tag_tree(tree(self.blocks, &mut drawn, language));
        document.set_metadata(Metadata::new().title(title.to_owned()).language(language.to_owned()));
        document.finish().map_err(|error| PdfError(format!("{error:?}")))
    }
}

fn fill(red: u8, green: u8, blue: u8) -> Option<Fill> {
    Some(Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() })
}

fn draw_rule(surface: &mut Surface<'_>, y: f32) {
    let Some(bar) = Rect::from_xywh(MARGIN, y, WIDTH - 2.0 * MARGIN, 0.6) else { return };
    let mut path = PathBuilder::new();
    path.push_rect(bar);
    if let Some(path) = path.finish() {
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
        surface.set_fill(fill(150, 160, 156));
        surface.draw_path(&path);
        surface.end_tagged();
    }
}

fn draw_piece(surface: &mut Surface<'_>, piece: &Piece, fonts: &[Font; 2]) -> Option<Identifier> {
    let tag = match piece.id {
        Some(_) => ContentTag::Span(SpanTag::empty()),
        None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
    };
    let id = surface.start_tagged(tag);
    surface.set_fill(if piece.look == Look::Faint { fill(86, 98, 95) } else { fill(23, 33, 31) });
    let font = fonts[usize::from(piece.look == Look::Bold)].clone();
    let at = Point::from_xy(piece.x, piece.y);
    surface.draw_text(at, font, piece.size, &piece.text, false, TextDirection::Auto);
    surface.end_tagged();
    piece.id.map(|_| id)
}

/// What was drawn as headings, paragraphs and a table, in the order of reading.
fn tree(blocks: Vec<Block>, drawn: &mut [Option<Identifier>], language: &str) -> TagTree {
    let mut take = |ids: Vec<usize>| -> Vec<Node> {
        ids.into_iter().filter_map(|it| drawn.get_mut(it)?.take()).map(Node::from).collect()
    };
    let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
    let mut n_headings = 0_u16;
    for block in blocks {
        match block {
            Block::Heading(text, ids) => {
                n_headings += 1;
                let level = NonZeroU16::new(n_headings.min(2)).unwrap_or(NonZeroU16::MIN);
                tree.push(TagGroup::with_children(Tag::Hn(level, Some(text)), take(ids)));
            }
            Block::Paragraph(ids) => tree.push(TagGroup::with_children(Tag::P, take(ids))),
            Block::Table(rows) => {
                let mut table = TagGroup::new(Tag::Table);
                for (index, cells) in rows.into_iter().enumerate() {
                    let mut row = TagGroup::new(Tag::TR);
                    for (column, ids) in cells.into_iter().enumerate() {
                        let nodes = take(ids);
                        row.push(match (index, column) {
                            (0, _) => TagGroup::with_children(Tag::TH(TableHeaderScope::Column), nodes),
                            (_, 0) => TagGroup::with_children(Tag::TH(TableHeaderScope::Row), nodes),
                            _ => TagGroup::with_children(Tag::TD, nodes),
                        });
                    }
                    table.push(row);
                }
                tree.push(table);
            }
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::answers::facts::tests::Sample;
    use crate::billing::{LineKind, Money, demo};

    const TODAY: Date = date(2026, 6, 16);

    fn made(account: &Account, invoice: &Invoice) -> Vec<u8> {
        bill(&Sample::new().business, account, invoice, TODAY).expect("it can be made")
    }

    fn account(id: &str) -> Account {
        demo::account(id, TODAY).expect("a demo customer")
    }

    /// What a reader of the file finds in it, by `pdftotext`, which `make test` brings.
    fn text_of(pdf: &[u8]) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("bill.pdf");
        std::fs::write(&file, pdf).expect("it can be written");
        let output = std::process::Command::new("pdftotext").args(["-layout"]).arg(&file).arg("-").output();
        let output = output.expect("pdftotext is installed: `make test` brings it, or `apt-get install poppler-utils`");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("it is text")
    }

    #[test]
    fn a_copy_has_every_figure_of_the_bill_as_text() {
        let account = account("one-off-fee");
        let text = text_of(&made(&account, &account.invoices[0]));
        for wanted in [
            account.person.name.as_str(),
            account.invoices[0].number.as_str(),
            account.number.as_str(),
            "1 June 2026",
            "15 June 2026",
            "Standard",
            "1 June to 30 June 2026",
            "£30.00",
            "Engineer visit",
            "£12.00",
            "Total",
            "£42.00",
            "page 1 of 1",
            "Fernhill Fibre",
        ] {
            assert!(text.contains(wanted), "{wanted} is not in\n{text}");
        }
    }

    #[test]
    fn what_is_owed_comes_with_how_to_pay_it() {
        let account = account("bill-late");
        let text = text_of(&made(&account, &account.invoices[0]));
        for wanted in ["To be paid", "Please pay £30.00 by 15 June 2026", "https://example.com/pay"] {
            assert!(text.contains(wanted), "{wanted} is not in\n{text}");
        }
    }

    #[test]
    fn a_long_bill_goes_over_several_pages_and_loses_no_line() {
        let account = account("one-off-fee");
        let mut invoice = account.invoices[0].clone();
        let line = invoice.lines[0].clone();
        invoice.lines = (1..=120)
            .map(|n| Line {
                label: format!("Call number {n} to a far place, with words enough for more than one line of the table"),
                kind: LineKind::Usage,
                amount: Money::new(n, line.amount.currency),
                ..line.clone()
            })
            .collect();
        invoice.total = Money::new(120 * 121 / 2, line.amount.currency);
        let text = text_of(&made(&account, &invoice));
        for n in 1..=120 {
            assert!(text.contains(&format!("Call number {n} ")), "line {n} is not there");
        }
        assert!(text.contains("page 5 of 5") || text.contains("page 6 of 6"), "{text}");
        assert!(text.contains("£72.60"), "{text}");
    }

    #[test]
    fn the_file_says_its_title_and_language_and_is_tagged() {
        let account = account("company");
        let pdf = made(&account, &account.invoices[0]);
        let has = |what: &[u8]| pdf.windows(what.len()).any(|it| it == what);
        assert!(pdf.starts_with(b"%PDF-"));
        assert!(has(b"/Lang"), "no language");
        assert!(has(b"/StructTreeRoot"), "no tags");
        assert!(text_of(&pdf).contains("Sample Bakery Ltd"));
    }

    #[test]
    fn whatever_stands_on_a_bill_a_copy_can_be_made() {
        let mut account = account("all-quiet");
        account.person.name = "Ω 漢字 \u{202e}evil\u{0} name".repeat(40);
        account.person.address = "x".repeat(5_000);
        let mut invoice = account.invoices[0].clone();
        invoice.lines[0].label = "w".repeat(3_000);
        invoice.total = Money::new(i64::MIN, invoice.total.currency);
        assert!(made(&account, &invoice).starts_with(b"%PDF-"));
        invoice.lines.clear();
        assert!(made(&account, &invoice).starts_with(b"%PDF-"));
    }
}
