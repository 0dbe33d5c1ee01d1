//! What staff give a customer: what they may give, and giving it.

use axum::Json;
use axum::extract::State;

use crate::conversation::ConversationId;
use crate::server::Site;
use crate::server::error::Problem;
use crate::server::extract::{InJson, InPath};
use crate::server::login::Answers;
use crate::server::protocol::{Goodwill, GoodwillAnswer, GoodwillOffer, LateFeeRow};
use crate::session::Command;
use crate::session::staff::{Gave, GaveState, Give, LateFeeOffer, Offer, offer as offer_of};

/// `GET /api/v1/conversations/{id}/goodwill`.
pub async fn offer(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
) -> Result<Json<GoodwillOffer>, Problem> {
    let Offer { limit, left, clause, late_fees } = offer_of(&site.app, &answers.0, ConversationId::new(id)).await?;
    let row = |LateFeeOffer { invoice, label }| LateFeeRow { invoice, label };
    Ok(Json(GoodwillOffer { limit, left, clause, late_fees: late_fees.into_iter().map(row).collect() }))
}

/// `POST /api/v1/conversations/{id}/goodwill`.
pub async fn give(
    State(site): State<Site>,
    answers: Answers,
    InPath(id): InPath,
    InJson(Goodwill { key, late_fee, amount, reason, sure }): InJson<Goodwill>,
) -> Result<Json<GoodwillAnswer>, Problem> {
    let (id, give) = (ConversationId::new(id), Give { staff: answers.0, key, late_fee, amount, reason, sure });
    let Gave { state, text, clause } = site.app.sessions.ask(&id, |answer| Command::Give(give, answer)).await?;
    let state = match state {
        GaveState::Asks => "asks",
        GaveState::Done => "done",
        GaveState::Waiting => "waiting",
    };
    Ok(Json(GoodwillAnswer { state: state.to_owned(), text, clause }))
}
