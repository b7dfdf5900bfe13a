//! The manifest's text, read when the plugin is compiled: name, version, and the digest that ties the library to it. Constant functions:
//! nothing of this is left in the plugin but the result.
use tenon_sys::{TENON_PLUGIN_API_MAJOR, TENON_PLUGIN_API_MINOR};

/// The lowest minor version of the host's table that these sources need.
pub const REQUIRED_MINOR: u32 = 0;

const fn starts_with(text: &[u8], at: usize, key: &[u8]) -> bool {
    let mut i = 0;
    while i < key.len() {
        if at + i >= text.len() || text[at + i] != key[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Where the line that starts with `key` starts; the text's length if there is none.
const fn line(text: &[u8], key: &[u8]) -> usize {
    let mut at = 0;
    while at < text.len() {
        if (at == 0 || text[at - 1] == b'\n') && starts_with(text, at, key) {
            return at;
        }
        at += 1;
    }
    at
}

/// `ops:` and what follows it, which the digest covers.
const fn body(text: &[u8]) -> usize {
    let at = line(text, b"ops:");
    assert!(at < text.len(), "the manifest has no line `ops:`");
    assert!(text[text.len() - 1] == b'\n', "the manifest must end with a newline");
    at
}

/// Start and end of the value of a head line `key: value`, without quotes.
const fn value(text: &[u8], key: &[u8]) -> (usize, usize) {
    let found = line(text, key);
    assert!(found < body(text), "the manifest's head needs the lines `name: ..`, `version: \"..\"` and `runtime: rust`");
    let mut start = found + key.len();
    while text[start] == b' ' || text[start] == b'"' {
        start += 1;
    }
    let mut end = start;
    while text[end] != b'"' && text[end] != b'\n' && text[end] != b'#' && text[end] != b' ' {
        end += 1;
    }
    (start, end)
}

/// A part of a text. By patterns: constant functions of rustc 1.63 cannot slice.
const fn cut(mut text: &[u8], start: usize, end: usize) -> &[u8] {
    assert!(start <= end && end <= text.len());
    let length = end - start;
    let mut i = 0;
    while i < start {
        if let [_, rest @ ..] = text {
            text = rest;
        }
        i += 1;
    }
    while text.len() >= length + 16 {
        if let [rest @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = text {
            text = rest;
        }
    }
    while text.len() > length {
        if let [rest @ .., _] = text {
            text = rest;
        }
    }
    text
}

const fn head_text(manifest: &'static str, key: &[u8]) -> &'static str {
    let (start, end) = value(manifest.as_bytes(), key);
    // SAFETY: both ends stand at ASCII characters of a text.
    unsafe { std::str::from_utf8_unchecked(cut(manifest.as_bytes(), start, end)) }
}

/// The plugin's name.
pub const fn name(manifest: &'static str) -> &'static str {
    head_text(manifest, b"name:")
}
/// The plugin's version.
pub const fn version(manifest: &'static str) -> &'static str {
    head_text(manifest, b"version:")
}
/// Refuses a manifest that the host would refuse for this library.
pub const fn check(manifest: &str) {
    let text = manifest.as_bytes();
    let (start, end) = value(text, b"runtime:");
    assert!(end - start == 4 && starts_with(text, start, b"rust"), "the manifest's head needs the line `runtime: rust`");
}

/// Byte number `position` of the padded text: the text, one bit, zeros, and the length in bits at the very end.
const fn padded(text: &[u8], position: usize, length: usize) -> u8 {
    if position < text.len() {
        text[position]
    } else if position == text.len() {
        0x80
    } else if position + 8 >= length {
        ((text.len() as u64 * 8) >> ((length - 1 - position) * 8)) as u8
    } else {
        0
    }
}

/// SHA-256 (FIPS 180-4) of `text` from `start` on. Constant evaluation counts steps, and rustc before 1.72 stops at two million: so sums are
/// taken in u64 and cut, which needs no calls, and the state stands in variables, which needs no checks of indices. Enough for manifests of
/// 16 kB; later compilers know no limit.
#[allow(clippy::manual_rotate)] // rotate_right is a call
const fn sha256(text: &[u8], start: usize) -> [u32; 8] {
    let mut state: [u32; 8] = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    let text = cut(text, start, text.len());
    let length = (text.len() + 9 + 63) / 64 * 64;
    let mut at = 0;
    while at < length {
        let mut w = [0u32; 64];
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        let mut i = 0;
        while i < 64 {
            let word = if i >= 16 {
                let (x, y) = (w[i - 15], w[i - 2]);
                let s0 = (x >> 7 | x << 25) ^ (x >> 18 | x << 14) ^ x >> 3;
                let s1 = (y >> 17 | y << 15) ^ (y >> 19 | y << 13) ^ y >> 10;
                (w[i - 16] as u64 + s0 as u64 + w[i - 7] as u64 + s1 as u64) as u32
            } else if at + 64 <= text.len() {
                let p = at + i * 4;
                (text[p] as u32) << 24 | (text[p + 1] as u32) << 16 | (text[p + 2] as u32) << 8 | text[p + 3] as u32
            } else {
                let p = at + i * 4;
                (padded(text, p, length) as u32) << 24
                    | (padded(text, p + 1, length) as u32) << 16
                    | (padded(text, p + 2, length) as u32) << 8
                    | padded(text, p + 3, length) as u32
            };
            w[i] = word;
            let s1 = (e >> 6 | e << 26) ^ (e >> 11 | e << 21) ^ (e >> 25 | e << 7);
            let t1 = h as u64 + s1 as u64 + (e & f ^ !e & g) as u64 + ROUND[i] as u64 + word as u64;
            let s0 = (a >> 2 | a << 30) ^ (a >> 13 | a << 19) ^ (a >> 22 | a << 10);
            let t2 = s0 as u64 + (a & b ^ a & c ^ b & c) as u64;
            h = g;
            g = f;
            f = e;
            e = (d as u64 + t1) as u32;
            d = c;
            c = b;
            b = a;
            a = (t1 + t2) as u32;
            i += 1;
        }
        let sum = [a, b, c, d, e, f, g, h];
        i = 0;
        while i < 8 {
            state[i] = (state[i] as u64 + sum[i] as u64) as u32;
            i += 1;
        }
        at += 64;
    }
    state
}

const ROUND: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// The ELF note `.note.tenon`, that ties the library to its manifest.
#[repr(C, align(4))]
#[derive(Debug)]
pub struct Note<const BYTES: usize>(pub [u8; BYTES]);

const HEAD: usize = 12 + 8 + 32 + 32; // the note's own head, "Tenon", eight numbers, the digest

/// Bytes of the note.
pub const fn note_length(manifest: &'static str) -> usize {
    (HEAD + name(manifest).len() + version(manifest).len() + 3) / 4 * 4
}

const fn put<const N: usize>(mut out: [u8; N], at: usize, bytes: &[u8]) -> [u8; N] {
    let mut i = 0;
    while i < bytes.len() {
        out[at + i] = bytes[i];
        i += 1;
    }
    out
}

/// The note; `N` is [`note_length`].
pub const fn note<const N: usize>(manifest: &'static str) -> Note<N> {
    let (name, version) = (name(manifest), version(manifest));
    let text = manifest.as_bytes();
    let (n, v) = (name.len(), version.len());
    let words: [u32; 11] = [
        6, // the length of "Tenon" with its zero
        (64 + n + v) as u32,
        1, // the note's type
        1, // the layout of what follows
        1, // operators
        TENON_PLUGIN_API_MAJOR,
        REQUIRED_MINOR,
        TENON_PLUGIN_API_MINOR,
        n as u32,
        v as u32,
        0,
    ];
    let digest = sha256(text, body(text));
    let mut out = put([0; N], 12, b"Tenon");
    let mut i = 0;
    while i < words.len() {
        out = put(out, if i < 3 { i * 4 } else { 8 + i * 4 }, &words[i].to_ne_bytes());
        i += 1;
    }
    i = 0;
    while i < 8 {
        out = put(out, 52 + i * 4, &digest[i].to_be_bytes());
        i += 1;
    }
    out = put(out, HEAD, name.as_bytes());
    Note(put(out, HEAD + n, version.as_bytes()))
}
