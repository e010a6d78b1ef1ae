// Echo: sends every message back to the capabilities in it; what comes without
// any goes to the log. "stop" ends it with code 7.
// SPDX-License-Identifier: MIT
#![no_std]
#[path = "../src/metatopia.rs"]
mod metatopia;
use metatopia::*;

const HEAD: &[u8] = b"echo: ";
static mut LINE: [u8; 6 + 65536] = [0; 6 + 65536];

#[no_mangle]
pub extern "C" fn run() {
    let line = unsafe { &mut *core::ptr::addr_of_mut!(LINE) };
    line[..HEAD.len()].copy_from_slice(HEAD);
    loop {
        if receive(-1, &[]) != MESSAGE {
            continue;
        }
        let n = message(&mut line[HEAD.len()..]).len();
        let data = &line[HEAD.len()..HEAD.len() + n];
        if data == b"stop" {
            leave(7);
        }
        let caps = unsafe { mt_message_caps() };
        if caps == 0 {
            info(&line[..HEAD.len() + n]);
        }
        for i in 0..caps {
            unsafe {
                let to = mt_message_cap(i);
                send(to, mt_message_tag(), data);
                mt_process_drop(to);
            }
        }
    }
}
