;; Counter: a thing that counts its touches and says how many; told "reset" it
;; begins anew. It remembers in slots.
;; SPDX-License-Identifier: MIT
(module
  (import "mt:world@1" "event_name" (func $event_name (param i32 i32) (result i32)))
  (import "mt:world@1" "event_text" (func $event_text (param i32 i32) (result i32)))
  (import "mt:world@1" "event_from_name" (func $from_name (param i32 i32) (result i32)))
  (import "mt:world@1" "say" (func $say (param i32 i32) (result i32)))
  (import "mt:slot@1" "get_int" (func $get_int (param i32 i32 i64) (result i64)))
  (import "mt:slot@1" "set_int" (func $set_int (param i32 i32 i64) (result i32)))
  (import "mt:slot@1" "set_text" (func $set_text (param i32 i32 i32 i32) (result i32)))
  (import "mt:slot@1" "delete" (func $delete (param i32 i32) (result i32)))
  (memory 1)
  (data (i32.const 0) "count")
  (data (i32.const 8) "last")
  (data (i32.const 16) "touch")
  (data (i32.const 24) "heard")
  (data (i32.const 32) "reset")

  ;; whether the n bytes at 1024 are the five at p
  (func $is (param $p i32) (param $n i32) (result i32)
    (i32.and
      (i32.eq (local.get $n) (i32.const 5))
      (i32.and
        (i32.eq (i32.load (i32.const 1024)) (i32.load (local.get $p)))
        (i32.eq (i32.load8_u (i32.const 1028)) (i32.load8_u offset=4 (local.get $p))))))

  ;; says a number: its digits end at 128
  (func $say_int (param $v i64) (local $p i32)
    (local.set $p (i32.const 128))
    (loop $digit
      (local.set $p (i32.sub (local.get $p) (i32.const 1)))
      (i64.store8 (local.get $p) (i64.add (i64.rem_u (local.get $v) (i64.const 10)) (i64.const 48)))
      (local.set $v (i64.div_u (local.get $v) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $v) (i64.const 0))))
    (drop (call $say (local.get $p) (i32.sub (i32.const 128) (local.get $p)))))

  (func (export "handle") (local $n i32) (local $count i64)
    (local.set $n (call $event_name (i32.const 1024) (i32.const 512)))
    (if (call $is (i32.const 16) (local.get $n)) (then
      (local.set $count (i64.add (call $get_int (i32.const 0) (i32.const 5) (i64.const 0)) (i64.const 1)))
      (drop (call $set_int (i32.const 0) (i32.const 5) (local.get $count)))
      (local.set $n (call $from_name (i32.const 1024) (i32.const 512)))
      (drop (call $set_text (i32.const 8) (i32.const 4) (i32.const 1024) (local.get $n)))
      (call $say_int (local.get $count))
      (return)))
    (if (call $is (i32.const 24) (local.get $n)) (then
      (local.set $n (call $event_text (i32.const 1024) (i32.const 512)))
      (if (call $is (i32.const 32) (local.get $n)) (then
        (drop (call $set_int (i32.const 0) (i32.const 5) (i64.const 0)))
        (drop (call $delete (i32.const 8) (i32.const 4)))
        (drop (call $say (i32.const 32) (i32.const 5)))))))))
