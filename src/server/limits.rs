//! How much one socket, one address and everybody together may ask for.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::config::Limits;

/// A keyed limiter forgets addresses that have been quiet once it holds this many.
const ADDRESSES_MAX: usize = 10_000;

/// The limits that addresses share.
pub struct Gate {
    open: Arc<Mutex<Open>>,
    connections_max: usize,
    connections_per_address_max: usize,
    requests: DefaultKeyedRateLimiter<IpAddr>,
    messages: DefaultKeyedRateLimiter<IpAddr>,
    logins: DefaultKeyedRateLimiter<String>,
    logins_from: DefaultKeyedRateLimiter<String>,
    /// Those who wait to have a password looked at, by where they come from.
    lines: Mutex<HashMap<String, Weak<Semaphore>>>,
    clock: DefaultClock,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place among the connections; it is given back when dropped.
pub struct Place {
    open: Arc<Mutex<Open>>,
    /// It counts among all.
    among_all: bool,
    /// It counts among those from this address.
    address: Option<IpAddr>,
    /// The proxy's connection that it came through.
    _through: Option<Arc<Place>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(usize::from(self.among_all));
        let Some(address) = self.address else { return };
        if let Some(count) = open.by_address.get_mut(&address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

/// Passwords from one address that are looked at, or wait for it, at once.
const LOGINS_AT_ONCE: usize = 2;
/// So many accounts' tries may come from one address: an office has one.
const ACCOUNTS_PER_ADDRESS: u32 = 10;

impl Gate {
    /// A gate with these limits and nobody inside.
    pub fn new(limits: &Limits) -> Self {
        Self {
            open: Arc::default(),
            connections_max: limits.connections_max,
            connections_per_address_max: limits.connections_per_address_max,
            requests: RateLimiter::keyed(
                Quota::per_second(at_least_one(limits.requests_per_second))
                    .allow_burst(at_least_one(limits.requests_burst)),
            ),
            messages: RateLimiter::keyed(Quota::per_minute(at_least_one(limits.messages_per_minute))),
            logins: RateLimiter::keyed(Quota::per_minute(at_least_one(limits.logins_per_minute))),
            logins_from: RateLimiter::keyed(Quota::per_minute(at_least_one(
                limits.logins_per_minute.saturating_mul(ACCOUNTS_PER_ADDRESS),
            ))),
            lines: Mutex::default(),
            clock: DefaultClock::default(),
        }
    }

    /// A place for a connection from this address, or none when all are taken.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        self.take(true, Some(address), None)
    }

    /// A place for a connection of a proxy, which carries many addresses, or none when all are taken.
    pub fn enter_proxy(&self) -> Option<Place> {
        self.take(true, None, None)
    }

    /// A place for what came from this address through a proxy's connection, or none when the address has too many.
    pub fn enter_through(&self, proxy: &Arc<Place>, address: IpAddr) -> Option<Place> {
        self.take(false, Some(address), Some(Arc::clone(proxy)))
    }

    fn take(&self, among_all: bool, address: Option<IpAddr>, through: Option<Arc<Place>>) -> Option<Place> {
        let address = address.map(network);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let from_here = address.and_then(|it| open.by_address.get(&it)).copied().unwrap_or(0);
        let is_full = among_all && self.connections_max <= open.all;
        if is_full || (address.is_some() && self.connections_per_address_max <= from_here) {
            return None;
        }
        open.all += usize::from(among_all);
        if let Some(address) = address {
            *open.by_address.entry(address).or_default() += 1;
        }
        Some(Place { open: Arc::clone(&self.open), among_all, address, _through: through })
    }

    /// Counts a request from this address; the wait in milliseconds where it is one too many.
    pub fn request(&self, address: IpAddr) -> Result<(), u32> {
        self.count(&self.requests, network(address))
    }

    /// Counts a message from this address; the wait in milliseconds where it is one too many.
    pub fn message(&self, address: IpAddr) -> Result<(), u32> {
        self.count(&self.messages, network(address))
    }

    /// Counts a try to sign in from this address: those for one account, and all of them. Who tries an account from
    /// elsewhere locks nobody out of it, and who tries one from an office doesn't lock out the others there.
    ///
    /// `session`: the session by which the device is known already; such a device counts by itself.
    pub fn login(&self, login: &str, address: IpAddr, session: Option<&str>) -> Result<(), u32> {
        let from = device(address, session);
        self.count(&self.logins, format!("{login}@{from}"))?;
        self.count(&self.logins_from, from)
    }

    /// Waits until fewer tries from this address are being looked at: whoever tries a hundred names at once stands in a
    /// line of their own, and in nobody's way.
    pub async fn turn_to_login(&self, address: IpAddr, session: Option<&str>) -> Option<OwnedSemaphorePermit> {
        let line = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            if ADDRESSES_MAX < lines.len() {
                lines.retain(|_, it| 0 < it.strong_count());
            }
            let line = lines.entry(device(address, session)).or_default();
            let found = line.upgrade().unwrap_or_else(|| Arc::new(Semaphore::new(LOGINS_AT_ONCE)));
            *line = Arc::downgrade(&found);
            found
        };
        line.acquire_owned().await.ok()
    }

    fn count<K: Clone + Eq + Hash>(&self, limiter: &DefaultKeyedRateLimiter<K>, who: K) -> Result<(), u32> {
        if ADDRESSES_MAX < limiter.len() {
            limiter.retain_recent();
        }
        limiter.check_key(&who).map_err(|until| self.wait_ms(&until))
    }

    fn wait_ms(&self, until: &governor::NotUntil<<DefaultClock as Clock>::Instant>) -> u32 {
        u32::try_from(until.wait_time_from(self.clock.now()).as_millis()).unwrap_or(u32::MAX).max(1)
    }
}

/// Whose tries to sign in are counted together: those of a device that is known, else those from a network.
fn device(address: IpAddr, session: Option<&str>) -> String {
    session.map_or_else(|| network(address).to_string(), str::to_owned)
}

/// Whom limits count: an address of IPv4, and of IPv6 the network of 64 bits that one customer has as a rule (RFC 6177).
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// The frames of one socket.
pub struct Pace {
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
    flood: Option<Flood>,
}

/// Frames that were too many, without a break.
struct Flood {
    began: Instant,
    last: Instant,
    n: u32,
}

/// A frame that was one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooFast {
    /// It is refused; when the next one may come, in milliseconds.
    Wait(u32),
    /// This has gone on for so long that the socket ends.
    TooLong,
}

/// A socket that sends too fast for this long is closed.
const FLOOD_MAX: Duration = Duration::from_secs(10);
/// Whoever keeps the pace for this long has ended a flood.
const FLOOD_BREAK: Duration = Duration::from_secs(2);
/// So many frames that come too fast are refused as quickly as they come: what a client kept while it was away.
const FLOOD_FRAMES: u32 = 100;
/// Later ones are read this slowly, so that a flood costs others nothing.
const FLOOD_PAUSE: Duration = Duration::from_millis(50);

impl Pace {
    /// The pace that a socket has to keep.
    pub fn new(limits: &Limits) -> Self {
        let quota =
            Quota::per_second(at_least_one(limits.frames_per_second)).allow_burst(at_least_one(limits.frames_burst));
        Self { limiter: RateLimiter::direct(quota), clock: DefaultClock::default(), flood: None }
    }

    /// Counts a frame; one that is too many is refused, and in a flood slowly.
    pub async fn frame(&mut self) -> Result<(), TooFast> {
        let counted = self.count(Instant::now());
        if matches!(counted, Err(TooFast::Wait(_))) && self.flood.as_ref().is_some_and(|it| FLOOD_FRAMES < it.n) {
            tokio::time::sleep(FLOOD_PAUSE).await;
        }
        counted
    }

    fn count(&mut self, now: Instant) -> Result<(), TooFast> {
        let Err(until) = self.limiter.check() else { return Ok(()) };
        let flood = match self.flood.take() {
            Some(flood) if now < flood.last + FLOOD_BREAK => Flood { last: now, n: flood.n + 1, ..flood },
            _ => Flood { began: now, last: now, n: 1 },
        };
        let lasted = now - flood.began;
        self.flood = Some(flood);
        if FLOOD_MAX <= lasted {
            return Err(TooFast::TooLong);
        }
        let wait = until.wait_time_from(self.clock.now()).as_millis();
        Err(TooFast::Wait(u32::try_from(wait).unwrap_or(u32::MAX).max(1)))
    }
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_place_is_free_again_once_its_connection_ends() {
        let gate = Gate::new(&Limits { connections_max: 1, ..Limits::default() });
        let place = gate.enter(HERE);
        assert!(place.is_some());
        assert!(gate.enter(HERE).is_none());
        drop(place);
        assert!(gate.enter(HERE).is_some());
    }

    #[test]
    fn who_tries_an_account_from_elsewhere_locks_nobody_out() {
        let gate = Gate::new(&Limits { logins_per_minute: 2, ..Limits::default() });
        let elsewhere = IpAddr::from([192, 0, 2, 7]);
        while gate.login("admin", elsewhere, None).is_ok() {}
        assert!(gate.login("admin", elsewhere, None).is_err());
        assert!(gate.login("admin", HERE, None).is_ok());
        assert!(gate.login("admin", elsewhere, Some("a session")).is_ok(), "a known device still gets in");
    }

    #[tokio::test]
    async fn whoever_tries_many_names_at_once_stands_in_a_line_of_their_own() {
        let gate = Gate::new(&Limits::default());
        let elsewhere = IpAddr::from([192, 0, 2, 7]);
        let mut turns = Vec::new();
        for _ in 0..LOGINS_AT_ONCE {
            turns.push(gate.turn_to_login(elsewhere, None).await);
        }
        let waits = gate.turn_to_login(elsewhere, None);
        let mut waits = std::pin::pin!(waits);
        assert!(futures_util::poll!(waits.as_mut()).is_pending());
        assert!(gate.turn_to_login(HERE, None).await.is_some());
        assert!(gate.turn_to_login(elsewhere, Some("a session")).await.is_some());
        turns.pop();
        assert!(waits.await.is_some());
    }

    #[test]
    fn who_tries_one_account_from_an_office_locks_out_no_other_there() {
        let gate = Gate::new(&Limits { logins_per_minute: 2, ..Limits::default() });
        while gate.login("admin", HERE, None).is_ok() {}
        assert!(gate.login("ann", HERE, None).is_ok());
    }

    #[test]
    fn all_addresses_of_a_customers_network_count_as_one() {
        let one: IpAddr = "2001:db8:1:2::1".parse().expect("an address");
        let other: IpAddr = "2001:db8:1:2:ffff::9".parse().expect("an address");
        let neighbour: IpAddr = "2001:db8:1:3::1".parse().expect("an address");
        assert_eq!(network(one), network(other));
        assert_ne!(network(one), network(neighbour));
        assert_eq!(network("::ffff:192.0.2.7".parse().expect("an address")), IpAddr::from([192, 0, 2, 7]));
        let gate = Gate::new(&Limits { connections_per_address_max: 1, ..Limits::default() });
        let _place = gate.enter(one).expect("there is room");
        assert!(gate.enter(other).is_none() && gate.enter(neighbour).is_some());
    }

    #[test]
    fn one_address_does_not_take_every_place() {
        let gate = Gate::new(&Limits { connections_per_address_max: 1, ..Limits::default() });
        let _place = gate.enter(HERE).expect("there is room");
        assert!(gate.enter(HERE).is_none());
        assert!(gate.enter(IpAddr::from([127, 0, 0, 2])).is_some());
    }

    #[test]
    fn behind_a_proxy_each_address_has_its_own_places() {
        let gate = Gate::new(&Limits { connections_max: 1, connections_per_address_max: 1, ..Limits::default() });
        let proxy = Arc::new(gate.enter_proxy().expect("there is room"));
        let other = IpAddr::from([127, 0, 0, 2]);
        let place = gate.enter_through(&proxy, HERE);
        assert!(place.is_some() && gate.enter_through(&proxy, HERE).is_none());
        let last = gate.enter_through(&proxy, other).expect("another address has a place of its own");
        drop((place, proxy));
        assert!(gate.enter(HERE).is_none(), "the proxy's connection is open as long as anything that came through it");
        drop(last);
        assert!(gate.enter(HERE).is_some());
    }

    /// A pace that lets one frame through, an hour.
    fn pace() -> Pace {
        let mut pace = Pace::new(&Limits { frames_per_second: 1, frames_burst: 1, ..Limits::default() });
        let an_hour = Quota::with_period(Duration::from_secs(3_600)).expect("an hour isn't nothing");
        pace.limiter = RateLimiter::direct(an_hour);
        assert!(pace.limiter.check().is_ok());
        pace
    }

    #[tokio::test]
    async fn a_socket_that_sends_too_fast_is_told_how_long_to_wait() {
        let mut pace = Pace::new(&Limits { frames_per_second: 1, frames_burst: 2, ..Limits::default() });
        assert!(pace.frame().await.is_ok() && pace.frame().await.is_ok());
        let wait = pace.frame().await;
        assert!(matches!(wait, Err(TooFast::Wait(1..=1_000))), "{wait:?}");
    }

    #[test]
    fn a_flood_ends_its_socket() {
        let mut pace = pace();
        let began = Instant::now();
        let step = FLOOD_BREAK / 2;
        let n = (0..1_000_u32).find(|n| pace.count(began + step * *n) == Err(TooFast::TooLong)).expect("it ends");
        assert_eq!(step * n, FLOOD_MAX);
    }

    #[test]
    fn what_a_client_kept_while_it_was_away_ends_nothing() {
        let mut pace = pace();
        let began = Instant::now();
        for n in 0..100 {
            for _ in 0..FLOOD_FRAMES / 2 {
                assert!(matches!(pace.count(began + FLOOD_BREAK * n), Err(TooFast::Wait(_))));
            }
        }
    }
}
