// Visits: a thing that keeps in the region's store how often it was touched, for
// longer than it lasts itself, and says so when it is answered.
// SPDX-License-Identifier: MIT
#![no_std]
#[path = "../src/metatopia.rs"]
mod metatopia;
use metatopia::*;

fn text(get: unsafe extern "C" fn(*mut u8, usize) -> i32, into: &mut [u8]) -> &[u8] {
    let n = unsafe { get(into.as_mut_ptr(), into.len()) };
    let n = (n.max(0) as usize).min(into.len());
    &into[..n]
}

#[no_mangle]
pub extern "C" fn handle() {
    let mut room = [0u8; 512];
    let visits = b"visits";
    match text(mt_world_event_name, &mut room) {
        b"touch" => unsafe {
            mt_store_ask(7);
            mt_store_add(visits.as_ptr(), visits.len(), 1);
        },
        b"answer" => {
            let mut line = Line::new();
            let why = text(mt_store_error, &mut room);
            let said = if why.is_empty() { line.put_int(unsafe { mt_store_int(0, 0) }).get() } else { why };
            unsafe { mt_world_say(said.as_ptr(), said.len()) };
        }
        _ => {}
    }
}
