// Tree: keeps two workers a and b alive and asks them. The node's owner writes
// "count a" (its log says how often a has been asked), "fall a" (a ends, and is
// started anew) and "stop".
// SPDX-License-Identifier: MIT
#![no_std]
#[path = "../src/metatopia.rs"]
mod metatopia;
use metatopia::*;

const SPEC: &[u8] = b"one-for-one 3 5000\na permanent blocking worker\nb permanent blocking worker\n";

fn worker() {
    let (mut asked, mut room) = (0, [0u8; 64]);
    loop {
        if receive(-1, &[]) != MESSAGE {
            continue;
        }
        let text = message(&mut room);
        if text == b"fall" {
            leave(1);
        }
        let to = unsafe { mt_message_cap(0) };
        if text != b"count" || to < 0 {
            continue;
        }
        asked += 1;
        let mut line = Line::new();
        unsafe {
            send(to, mt_message_tag(), line.put_int(asked).get());
            mt_process_drop(to);
        }
    }
}

/// Waits until a worker has its name.
fn find(name: &[u8]) -> i32 {
    loop {
        let h = unsafe { mt_process_whereis(name.as_ptr(), name.len()) };
        if h > 0 {
            return h;
        }
        unsafe { mt_time_sleep(1) };
    }
}

fn count(name: &[u8]) {
    let to = find(name);
    let mut room = [0u8; 64];
    unsafe {
        let me = mt_process_self();
        let answer = mt_process_demote(me, MAY_SEND);
        mt_message_send_caps(to, 1, b"count".as_ptr(), 5, &answer, 1);
        if receive(5000, &[1]) == MESSAGE {
            info(Line::new().put(name).put(b" ").put(message(&mut room)).get());
        }
        mt_process_drop(answer);
        mt_process_drop(me);
        mt_process_drop(to);
    }
}

fn fall(name: &[u8]) {
    let h = find(name);
    let mut room = [0u8; 64];
    unsafe {
        let down = mt_process_monitor(h);
        send(h, 0, b"fall");
        receive(-1, &[down]);
        let n = mt_message_reason_text(room.as_mut_ptr(), room.len()) as usize;
        info(Line::new().put(name).put(b" fell: ").put(&room[..n.min(64)]).get());
        mt_process_drop(h);
        mt_process_drop(find(name));
    }
    info(Line::new().put(name).put(b" is back").get());
}

#[no_mangle]
pub extern "C" fn run() {
    if unsafe { mt_process_arg_count() } > 0 {
        return worker();
    }
    if unsafe { mt_process_supervise(SPEC.as_ptr(), SPEC.len()) } < 0 {
        leave(2);
    }
    info(b"ready");
    let mut room = [0u8; 64];
    loop {
        if receive(-1, &[]) != MESSAGE {
            continue;
        }
        match message(&mut room) {
            b"stop" => return,
            b"count a" => count(b"a"),
            b"count b" => count(b"b"),
            b"fall a" => fall(b"a"),
            b"fall b" => fall(b"b"),
            _ => {}
        }
    }
}
