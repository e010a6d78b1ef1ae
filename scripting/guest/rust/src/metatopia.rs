// The interfaces of a Metatopia node for Rust: what imports.rs declares, and a
// little that makes it easier. It needs neither std nor cargo:
//
//   rustc --target wasm32-unknown-unknown --crate-type cdylib --edition 2021 \
//         -C opt-level=2 -C panic=abort -C link-arg=-zstack-size=65536 -o guest.wasm guest.rs
//
// SPDX-License-Identifier: MIT
#![allow(dead_code)]

include!("imports.rs");

pub const MESSAGE: i32 = 1;
pub const DOWN: i32 = 2;
pub const EXIT: i32 = 3;
pub const TIMER: i32 = 4;

pub const MAY_SEND: u32 = 1;
pub const MAY_MONITOR: u32 = 2;
pub const MAY_LINK: u32 = 4;
pub const MAY_KILL: u32 = 8;

/// Writes a line to the log.
pub fn info(line: &[u8]) {
    unsafe { mt_log_log(1, line.as_ptr(), line.len()) }
}

/// Ends the process.
pub fn leave(code: u32) -> ! {
    unsafe { mt_process_exit(code) };
    core::arch::wasm32::unreachable()
}

/// Takes the next letter with one of the tags, any without: its kind, or a code.
pub fn receive(timeout_ms: i64, tags: &[i64]) -> i32 {
    unsafe { mt_message_receive(tags.as_ptr(), tags.len(), timeout_ms) }
}

/// The current message, as far as it fits.
pub fn message(into: &mut [u8]) -> &[u8] {
    let n = unsafe { mt_message_read(into.as_mut_ptr(), into.len()) } as usize;
    let n = n.min(into.len());
    &into[..n]
}

pub fn send(to: i32, tag: i64, data: &[u8]) -> i32 {
    unsafe { mt_message_send(to, tag, data.as_ptr(), data.len()) }
}

/// A line being written.
pub struct Line {
    bytes: [u8; 128],
    used: usize,
}

impl Line {
    pub const fn new() -> Line {
        Line { bytes: [0; 128], used: 0 }
    }
    /// Appends what fits.
    pub fn put(&mut self, text: &[u8]) -> &mut Line {
        for &b in text {
            if self.used < self.bytes.len() {
                self.bytes[self.used] = b;
                self.used += 1;
            }
        }
        self
    }
    pub fn put_int(&mut self, v: i64) -> &mut Line {
        let mut digits = [0u8; 20];
        let (mut n, mut u) = (20, v.unsigned_abs());
        loop {
            n -= 1;
            digits[n] = b'0' + (u % 10) as u8;
            u /= 10;
            if u == 0 {
                break;
            }
        }
        if v < 0 {
            self.put(b"-");
        }
        self.put(&digits[n..])
    }
    pub fn get(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
