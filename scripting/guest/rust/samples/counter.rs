// Counter: a thing that counts its touches and says how many; told "reset" it
// begins anew. It remembers in slots.
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
    let (count, last) = (b"count", b"last");
    match text(mt_world_event_name, &mut room) {
        b"touch" => unsafe {
            let n = mt_slot_get_int(count.as_ptr(), count.len(), 0) + 1;
            mt_slot_set_int(count.as_ptr(), count.len(), n);
            let who = text(mt_world_event_from_name, &mut room);
            mt_slot_set_text(last.as_ptr(), last.len(), who.as_ptr(), who.len());
            let mut line = Line::new();
            let line = line.put_int(n).get();
            mt_world_say(line.as_ptr(), line.len());
        },
        b"heard" => {
            if text(mt_world_event_text, &mut room) != b"reset" {
                return;
            }
            unsafe {
                mt_slot_set_int(count.as_ptr(), count.len(), 0);
                mt_slot_delete(last.as_ptr(), last.len());
                mt_world_say(b"reset".as_ptr(), 5);
            }
        }
        _ => {}
    }
}
