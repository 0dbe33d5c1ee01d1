//! What staff's console reads: lists, one conversation, the causes of questions; and how staff come in. Nothing here
//! changes a conversation: that goes through its one door, in `session`.

pub mod causes;
pub mod conversations;
pub mod signing_in;
