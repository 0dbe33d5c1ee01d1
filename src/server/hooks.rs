//! Where billing sends its notices that something has changed.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};

use crate::billing::NoticeError;
use crate::server::Site;
use crate::server::error::Problem;
use crate::server::extract::InBytes;
use crate::server::protocol::Code;

/// Stripe's signature of a notice.
const SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");

/// `POST /hooks/stripe`: 200 once it is taken, 404 where none is expected, 400 for what isn't Stripe's.
pub async fn stripe(
    State(site): State<Site>,
    headers: HeaderMap,
    InBytes(body): InBytes,
) -> Result<StatusCode, Problem> {
    let mut signatures = headers.get_all(SIGNATURE).iter();
    let signature = match (signatures.next().map(|it| it.to_str()), signatures.next()) {
        (Some(Ok(signature)), None) => signature,
        _ => "",
    };
    match site.app.billing.notice(signature, &body, site.app.clock.now()) {
        Ok(changed) => {
            site.app.billing_changed(&changed);
            Ok(StatusCode::OK)
        }
        Err(NoticeError::NotExpected) => Err(Problem::new(Code::NotFound)),
        Err(error @ (NoticeError::NotSigned | NoticeError::NotReadable)) => {
            tracing::warn!(%error, "a notice was not taken");
            Err(Problem::new(Code::Malformed))
        }
    }
}
