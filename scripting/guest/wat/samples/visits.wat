;; Visits: a thing that keeps in the region's store how often it was touched, for
;; longer than it lasts itself, and says so when it is answered.
;; SPDX-License-Identifier: MIT
(module
  (import "mt:world@1" "event_name" (func $event_name (param i32 i32) (result i32)))
  (import "mt:world@1" "say" (func $say (param i32 i32) (result i32)))
  (import "mt:store@1" "ask" (func $ask (param i64) (result i32)))
  (import "mt:store@1" "add" (func $add (param i32 i32 i64) (result i32)))
  (import "mt:store@1" "error" (func $error (param i32 i32) (result i32)))
  (import "mt:store@1" "int" (func $int (param i32 i64) (result i64)))
  (memory 1)
  (data (i32.const 0) "visits")

  ;; says a number: its digits end at 128
  (func $say_int (param $v i64) (local $p i32)
    (local.set $p (i32.const 128))
    (loop $digit
      (local.set $p (i32.sub (local.get $p) (i32.const 1)))
      (i64.store8 (local.get $p) (i64.add (i64.rem_u (local.get $v) (i64.const 10)) (i64.const 48)))
      (local.set $v (i64.div_u (local.get $v) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $v) (i64.const 0))))
    (drop (call $say (local.get $p) (i32.sub (i32.const 128) (local.get $p)))))

  (func (export "handle") (local $n i32)
    (drop (call $event_name (i32.const 1024) (i32.const 512)))
    ;; "touc", and "answ"
    (if (i32.eq (i32.load (i32.const 1024)) (i32.const 0x63756f74)) (then
      (drop (call $ask (i64.const 7)))
      (drop (call $add (i32.const 0) (i32.const 6) (i64.const 1)))
      (return)))
    (if (i32.eq (i32.load (i32.const 1024)) (i32.const 0x77736e61)) (then
      (local.set $n (call $error (i32.const 1024) (i32.const 512)))
      (if (local.get $n)
        (then (drop (call $say (i32.const 1024) (local.get $n))))
        (else (call $say_int (call $int (i32.const 0) (i64.const 0)))))))))
