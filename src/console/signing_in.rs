//! How staff come in: who has an account, whose session a token is, and its end. Only the hash of a token is kept.

use crate::conversation::StaffId;
use crate::identity::secrets;
use crate::parts::Parts;
use crate::store::{Login, Staff, StoreError};

/// A session that has just been opened.
pub struct Opened {
    /// What shows it from now on.
    pub token: String,
    /// How long it lasts, in milliseconds.
    pub lasts_ms: i64,
}

/// Whose session it is by the hash of its token; none when there is none or it has expired.
pub async fn whose(parts: &Parts, hash: &str) -> Result<Option<Staff>, StoreError> {
    parts.store.session(hash, parts.clock.now_ms()).await
}

/// The account with this name, if there is one.
pub async fn account(parts: &Parts, login: &str) -> Result<Option<Login>, StoreError> {
    match parts.store.staff_by_login(login).await {
        Ok(known) => Ok(Some(known)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a session for somebody who has shown who they are.
pub async fn open(parts: &Parts, staff: &StaffId) -> Result<Opened, StoreError> {
    let token = secrets::random();
    let now = parts.clock.now_ms();
    let lasts_ms = parts.config.limits.staff_session_hours.saturating_mul(3_600_000);
    parts.store.open_session(&secrets::hash(&token), staff, now, now.saturating_add(lasts_ms)).await?;
    Ok(Opened { token, lasts_ms })
}

/// Ends a session by its token, and all that is open in its owner's name.
pub async fn close(parts: &Parts, token: Option<&str>, staff: StaffId) -> Result<(), StoreError> {
    if let Some(token) = token {
        parts.store.close_session(&secrets::hash(token)).await?;
    }
    // Nobody listening means that no socket is open.
    let _ = parts.signed_out.send(staff);
    Ok(())
}
