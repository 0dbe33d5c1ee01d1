//! Pages in the making: texts, headings and a table get their places, then they are drawn.
//!
//! What is drawn is tagged, so that a screen reader finds headings and a table. Measured in points, from the top left.

use std::num::NonZeroU16;

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

use super::PdfError;
use crate::conversation::normal;

static REGULAR: &[u8] = include_bytes!("../fonts/PublicSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/PublicSans-Bold.ttf");

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
/// Spaces at which no line ends.
const UNBREAKABLE: [char; 2] = ['\u{a0}', '\u{202f}'];

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
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
pub(super) struct Sheet {
    faces: [ttf_parser::Face<'static>; 2],
    pages: Vec<Page>,
    y: f32,
    n_pieces: usize,
    blocks: Vec<Block>,
    in_table: bool,
}

impl Sheet {
    pub(super) fn new() -> Result<Self, PdfError> {
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
        let text: String = normal::shown(text).chars().take(CHARS_MAX).collect();
        let mut lines = vec![String::new()];
        let breaks = |it: char| it.is_whitespace() && !UNBREAKABLE.contains(&it);
        for word in text.split(breaks).filter(|it| !it.is_empty()) {
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
        // A narrow space is as good as a wide one where the font has none.
        let text = normal::shown(text).replace('\u{202f}', "\u{a0}");
        let piece = Piece { text, x, y: self.y + size, size, look, id: is_read.then_some(id) };
        self.page().pieces.push(piece);
        id
    }

    fn page(&mut self) -> &mut Page {
        self.pages.last_mut().expect("there is one from the start")
    }

    pub(super) fn space(&mut self, height: f32) {
        self.y += height;
    }

    pub(super) fn heading(&mut self, text: &str, size: f32) {
        // Never alone at the foot of a page.
        self.make_room(size * LEADING + 3.0 * SIZE * LEADING);
        let mut ids = Vec::new();
        for line in self.wrap(text, WIDTH - 2.0 * MARGIN, size, Look::Bold) {
            ids.push(self.put(&line, MARGIN, size, Look::Bold, true));
            self.y += size * LEADING;
        }
        self.blocks.push(Block::Heading(normal::shown(text), ids));
    }

    pub(super) fn paragraph(&mut self, texts: &[String], look: Look) {
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
    pub(super) fn pair(&mut self, name: &str, value: &str) {
        self.make_room(SIZE * LEADING);
        let ids = vec![
            self.put(name, MARGIN, SIZE, Look::Faint, true),
            self.put(value, MARGIN + 110.0, SIZE, Look::Plain, true),
        ];
        self.y += SIZE * LEADING;
        self.blocks.push(Block::Paragraph(ids));
    }

    pub(super) fn begin_table(&mut self) {
        self.make_room(6.0 * SIZE * LEADING);
        self.blocks.push(Block::Table(Vec::new()));
        self.table_head(true);
        self.in_table = true;
    }

    pub(super) fn end_table(&mut self) {
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

    pub(super) fn row(&mut self, label: &str, days: &str, amount: &str, look: Look) {
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

    pub(super) fn rule(&mut self) {
        let y = self.y + 1.0;
        self.page().rules.push(y);
        self.y += 6.0;
    }

    pub(super) fn draw(self, title: &str, language: &str, foot: &str) -> Result<Vec<u8>, PdfError> {
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
            let number = format!("{} · page {} of {n_pages}", normal::shown(foot), index + 1);
            let look = Look::Faint;
            let piece = Piece { text: number, x: MARGIN, y: HEIGHT - 44.0, size: 8.5, look, id: None };
            draw_piece(&mut surface, &piece, &fonts);
            surface.finish();
            on.finish();
        }
        document.set_tag_tree(tree(self.blocks, &mut drawn, language));
        document.set_metadata(Metadata::new().title(normal::shown(title)).language(language.to_owned()));
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
    use super::*;
    use crate::conversation::format::{Locale, Style};

    #[test]
    fn the_font_has_what_amounts_are_written_with() {
        let sheet = Sheet::new().expect("the fonts are there");
        for tag in ["en-GB", "en-US", "en-IN", "de", "de-CH", "fr", "nl", "sv", "ja"] {
            let style = Style { locale: Locale::of(tag).expect("it is known"), today: jiff::civil::date(2026, 6, 16) };
            for currency in ["GBP", "EUR", "USD", "JPY", "INR", "KRW", "CHF", "KWD"] {
                let text = style.money(-123_456_789, currency).replace('\u{202f}', "\u{a0}");
                for face in &sheet.faces {
                    let lacks: Vec<char> = text.chars().filter(|it| face.glyph_index(*it).is_none()).collect();
                    assert!(lacks.is_empty(), "{tag} {currency}: {lacks:?}");
                }
            }
        }
    }
}
