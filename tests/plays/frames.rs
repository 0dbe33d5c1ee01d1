//! What RFC 6455 says of frames, byte by byte: the cases that Autobahn's sections 1 to 7 and 10 try, against the socket that
//! customers have.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::House;

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const MORE: u8 = 0;

/// One frame as a browser sends it.
#[derive(Clone)]
struct Frame {
    /// The first byte: FIN, the reserved bits and the kind.
    head: u8,
    payload: Vec<u8>,
}

fn frame(kind: u8, payload: impl AsRef<[u8]>) -> Frame {
    Frame { head: 0x80 | kind, payload: payload.as_ref().to_vec() }
}

/// A frame that others of the same message follow.
fn begun(kind: u8, payload: impl AsRef<[u8]>) -> Frame {
    Frame { head: kind, payload: payload.as_ref().to_vec() }
}

fn reserved(bits: u8, of: Frame) -> Frame {
    Frame { head: of.head | bits << 4, ..of }
}

fn close(code: u16, reason: impl AsRef<[u8]>) -> Frame {
    frame(CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
}

impl Frame {
    fn bytes(&self) -> Vec<u8> {
        const MASK: [u8; 4] = [0x12, 0x9a, 0x00, 0xff];
        let n_bytes = self.payload.len();
        let mut bytes = vec![self.head];
        match (u8::try_from(n_bytes), u16::try_from(n_bytes)) {
            (Ok(length), _) if length < 126 => bytes.push(0x80 | length),
            (_, Ok(length)) => {
                bytes.push(0x80 | 126);
                bytes.extend(length.to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend((n_bytes as u64).to_be_bytes());
            }
        }
        bytes.extend(MASK);
        bytes.extend(self.payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }
}

/// What comes back.
#[derive(Clone, Debug, PartialEq)]
enum Back {
    /// A text, whatever it says: what is sent here is no frame of our protocol.
    Text,
    Pong(Vec<u8>),
    /// The end, with its code where there is one.
    Closed(Option<u16>),
}

async fn connect(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.expect("it listens");
    socket.set_nodelay(true).expect("it is a socket");
    let ask = format!(
        "GET /v1/chat HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: plainbill.v1\r\n\r\n"
    );
    socket.write_all(ask.as_bytes()).await.expect("it is heard");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.expect("it answers"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    socket
}

/// The next thing that comes back; the end of the line without a word is an end too.
async fn next(socket: &mut TcpStream) -> Back {
    let read = async {
        let head = socket.read_u8().await?;
        let length = match socket.read_u8().await? {
            126 => usize::from(socket.read_u16().await?),
            127 => usize::try_from(socket.read_u64().await?).expect("it is short"),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        socket.read_exact(&mut payload).await?;
        Ok::<_, std::io::Error>((head & 0x0f, payload))
    };
    match tokio::time::timeout(Duration::from_secs(10), read).await.expect("something comes back") {
        Ok((TEXT, _)) => Back::Text,
        Ok((PONG, payload)) => Back::Pong(payload),
        Ok((CLOSE, payload)) => Back::Closed(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
        Ok((kind, _)) => panic!("a frame of the kind {kind}"),
        Err(_) => Back::Closed(None),
    }
}

/// What frames get back, when they come in pieces of so many bytes.
async fn tried(address: SocketAddr, name: &str, frames: &[Frame], piece: usize, wanted: &[Back]) {
    let mut socket = connect(address).await;
    let bytes: Vec<u8> = frames.iter().flat_map(Frame::bytes).collect();
    for some in bytes.chunks(piece) {
        // It may have hung up on what came before.
        if socket.write_all(some).await.is_err() {
            break;
        }
        if piece < 64 {
            tokio::task::yield_now().await;
        }
    }
    for (i, wanted) in wanted.iter().enumerate() {
        assert_eq!(next(&mut socket).await, *wanted, "{name}, in pieces of {piece}: answer {i}");
    }
}

fn cases() -> Vec<(String, Vec<Frame>, Vec<Back>)> {
    const VALID: &str = "Hello-µ@ßöäüàá-UTF-8!!";
    let broken_off = || vec![Back::Closed(Some(1002))];
    let mut cases: Vec<(String, Vec<Frame>, Vec<Back>)> = Vec::new();
    let mut case = |name: &str, frames: Vec<Frame>, back: Vec<Back>| cases.push((name.to_owned(), frames, back));
    // 1: messages of all lengths.
    for length in [0, 1, 125, 126, 127, 128, 4_096, 16_384, 60_000] {
        case(&format!("a text of {length}"), vec![frame(TEXT, vec![b'x'; length])], vec![Back::Text]);
    }
    case("binary", vec![frame(BINARY, [0xfe; 126])], vec![Back::Text, Back::Closed(Some(1003))]);
    // 2: signs of life.
    for payload in [vec![], b"Hello".to_vec(), vec![0x00, 0xff, 0xfe, 0xfd], vec![0xfe; 125]] {
        case("a ping", vec![frame(PING, &payload)], vec![Back::Pong(payload)]);
    }
    case("a ping that is too long", vec![frame(PING, [0xfe; 126])], broken_off());
    case("a pong that nobody asked for", vec![frame(PONG, "x"), frame(PING, "p")], vec![Back::Pong(b"p".to_vec())]);
    let pings: Vec<Frame> = (0..10).map(|i| frame(PING, [i])).collect();
    case("ten pings", pings, (0..10).map(|i| Back::Pong(vec![i])).collect());
    // 3: reserved bits.
    for bits in 1..8 {
        case("a reserved bit of a text", vec![reserved(bits, frame(TEXT, "x"))], broken_off());
        case("a reserved bit of a ping", vec![reserved(bits, frame(PING, "x"))], broken_off());
        case("a reserved bit of a close", vec![reserved(bits, frame(CLOSE, []))], broken_off());
    }
    // 4: reserved kinds.
    for kind in (3..8).chain(11..16) {
        case("a reserved kind", vec![frame(kind, "x")], broken_off());
        case(
            "a reserved kind after a text",
            vec![frame(TEXT, "x"), frame(kind, [])],
            vec![Back::Text, Back::Closed(Some(1002))],
        );
    }
    // 5: messages in several frames.
    case("a ping in two frames", vec![begun(PING, "a"), frame(MORE, "b")], broken_off());
    case("a pong in two frames", vec![begun(PONG, "a"), frame(MORE, "b")], broken_off());
    case("a text in two frames", vec![begun(TEXT, "a"), frame(MORE, "b")], vec![Back::Text]);
    case(
        "a ping within a text",
        vec![begun(TEXT, "a"), frame(PING, "p"), frame(MORE, "b")],
        vec![Back::Pong(b"p".to_vec()), Back::Text],
    );
    case(
        "many frames, with pings",
        vec![begun(TEXT, "a"), begun(MORE, ""), frame(PING, "1"), begun(MORE, "b"), frame(PING, "2"), frame(MORE, "")],
        vec![Back::Pong(b"1".to_vec()), Back::Pong(b"2".to_vec()), Back::Text],
    );
    case("going on with nothing", vec![frame(MORE, "x")], broken_off());
    case("going on with nothing, not the last", vec![begun(MORE, "x"), frame(TEXT, "y")], broken_off());
    case(
        "going on after the end",
        vec![begun(TEXT, "a"), frame(MORE, "b"), frame(MORE, "c")],
        vec![Back::Text, Back::Closed(Some(1002))],
    );
    case("a text within a text", vec![begun(TEXT, "a"), frame(TEXT, "b")], broken_off());
    // 6: letters.
    case("letters", vec![frame(TEXT, VALID)], vec![Back::Text]);
    for cut in 0..VALID.len() {
        let (a, b) = VALID.as_bytes().split_at(cut);
        case("a letter in two frames", vec![begun(TEXT, a), frame(MORE, b)], vec![Back::Text]);
    }
    for wrong in [
        &b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited"[..],
        b"\xf4\x90\x80\x80",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\x80",
        b"\xff",
        b"\xe2\x82",
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        b"\xf7\xbf\xbf\xbf",
        b"\xef\xbf",
        b"abc\xce",
    ] {
        case("no letter", vec![frame(TEXT, wrong)], vec![Back::Closed(Some(1007))]);
        case(
            "no letter in the second frame",
            vec![begun(TEXT, "a"), frame(MORE, wrong)],
            vec![Back::Closed(Some(1007))],
        );
    }
    // 7: good-byes.
    case("good-bye", vec![close(1000, "")], vec![Back::Closed(Some(1000))]);
    case("good-bye without a code", vec![frame(CLOSE, [])], vec![Back::Closed(None)]);
    case("good-bye with reasons", vec![close(1000, [b'x'; 123])], vec![Back::Closed(Some(1000))]);
    case("good-bye twice", vec![close(1000, ""), close(1000, "")], vec![Back::Closed(Some(1000)), Back::Closed(None)]);
    case(
        "a text after good-bye",
        vec![close(1000, ""), frame(TEXT, "x")],
        vec![Back::Closed(Some(1000)), Back::Closed(None)],
    );
    case(
        "a ping after good-bye",
        vec![close(1000, ""), frame(PING, "x")],
        vec![Back::Closed(Some(1000)), Back::Closed(None)],
    );
    case(
        "good-bye within a text",
        vec![begun(TEXT, "a"), close(1000, ""), frame(MORE, "b")],
        vec![Back::Closed(Some(1000))],
    );
    case("half a code", vec![frame(CLOSE, [3])], broken_off());
    case("too many reasons", vec![close(1000, [b'x'; 124])], broken_off());
    case("reasons that are no letters", vec![close(1000, b"\xff\xfe")], vec![Back::Closed(Some(1007))]);
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        case(&format!("the code {code}"), vec![close(code, "")], vec![Back::Closed(Some(code))]);
    }
    for code in [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999] {
        case(&format!("the code {code}, which is none"), vec![close(code, "")], broken_off());
    }
    // 10: a long message in many frames.
    let mut frames: Vec<Frame> = vec![begun(TEXT, [b'x'; 1_300])];
    frames.extend((0..44).map(|_| begun(MORE, [b'x'; 1_300])));
    frames.push(frame(MORE, ""));
    case("many frames of 1,300", frames, vec![Back::Text]);
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_taken_and_refused_as_the_standard_has_it() {
    let house = House::open().await;
    for (name, frames, wanted) in cases() {
        tried(house.address, &name, &frames, usize::MAX, &wanted).await;
        let n_bytes: usize = frames.iter().map(|it| it.payload.len()).sum();
        if n_bytes < 200 {
            tried(house.address, &name, &frames, 1, &wanted).await;
        }
    }
    house.close().await;
}
