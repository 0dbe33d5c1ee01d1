//! What a customer does to a conversation, one file an act.
//!
//! To say something and to tap what is on offer are one act: both are a message.

mod end;
mod identify;
mod rate;
mod say;

pub use end::End;
pub use identify::Identify;
pub use rate::Rate;
pub use say::{Input, Say};
