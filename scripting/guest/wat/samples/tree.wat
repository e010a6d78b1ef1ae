;; Tree: keeps two workers a and b alive and asks them. The node's owner writes
;; "count a" (its log says how often a has been asked), "fall a" (a ends, and is
;; started anew) and "stop".
;; SPDX-License-Identifier: MIT
(module
  (import "mt:message@1" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "mt:message@1" "read" (func $read (param i32 i32) (result i32)))
  (import "mt:message@1" "tag" (func $tag (result i64)))
  (import "mt:message@1" "cap" (func $cap (param i32) (result i32)))
  (import "mt:message@1" "reason_text" (func $reason_text (param i32 i32) (result i32)))
  (import "mt:message@1" "send" (func $send (param i32 i64 i32 i32) (result i32)))
  (import "mt:message@1" "send_caps" (func $send_caps (param i32 i64 i32 i32 i32 i32) (result i32)))
  (import "mt:process@1" "self" (func $self (result i32)))
  (import "mt:process@1" "demote" (func $demote (param i32 i32) (result i32)))
  (import "mt:process@1" "monitor" (func $monitor (param i32) (result i64)))
  (import "mt:process@1" "whereis" (func $whereis (param i32 i32) (result i32)))
  (import "mt:process@1" "supervise" (func $supervise (param i32 i32) (result i32)))
  (import "mt:process@1" "drop" (func $drop (param i32) (result i32)))
  (import "mt:process@1" "arg_count" (func $arg_count (result i32)))
  (import "mt:process@1" "exit" (func $exit (param i32)))
  (import "mt:time@1" "sleep" (func $sleep (param i32)))
  (import "mt:log@1" "log" (func $log (param i32 i32 i32)))
  (memory 1)
  (data (i32.const 0) "one-for-one 3 5000\na permanent blocking worker\nb permanent blocking worker\n") ;; 75 bytes
  (data (i32.const 96) "ready")
  (data (i32.const 104) "count")
  (data (i32.const 112) "fall")
  (data (i32.const 128) "  fell: ")  ;; the name is written over the first blank
  (data (i32.const 192) "  is back")
  (data (i32.const 256) "  ")        ;; the answer of a worker comes after it
  ;; 320: tags and handles to pass; 512: the message

  (func $worker (local $n i32) (local $to i32) (local $asked i32) (local $p i32) (local $v i32)
    (loop $next
      (br_if $next (i32.ne (call $receive (i32.const 0) (i32.const 0) (i64.const -1)) (i32.const 1)))
      (local.set $n (call $read (i32.const 512) (i32.const 64)))
      (if (i32.eq (local.get $n) (i32.const 4)) (then (call $exit (i32.const 1)))) ;; "fall"
      (br_if $next (i32.ne (local.get $n) (i32.const 5)))                          ;; "count"
      (br_if $next (i32.lt_s (local.tee $to (call $cap (i32.const 0))) (i32.const 0)))
      (local.set $asked (i32.add (local.get $asked) (i32.const 1)))
      (local.set $p (i32.const 640)) ;; where its digits end
      (local.set $v (local.get $asked))
      (loop $digit
        (local.set $p (i32.sub (local.get $p) (i32.const 1)))
        (i32.store8 (local.get $p) (i32.add (i32.rem_u (local.get $v) (i32.const 10)) (i32.const 48)))
        (br_if $digit (local.tee $v (i32.div_u (local.get $v) (i32.const 10)))))
      (drop (call $send (local.get $to) (call $tag) (local.get $p) (i32.sub (i32.const 640) (local.get $p))))
      (drop (call $drop (local.get $to)))
      (br $next)))

  ;; waits until the worker whose name is the byte at p has it
  (func $find (param $p i32) (result i32) (local $h i32)
    (loop $again (result i32)
      (local.set $h (call $whereis (local.get $p) (i32.const 1)))
      (if (i32.le_s (local.get $h) (i32.const 0)) (then
        (call $sleep (i32.const 1))
        (br $again)))
      (local.get $h)))

  (func $count (local $to i32) (local $me i32) (local $n i32)
    (local.set $to (call $find (i32.const 256)))
    (local.set $me (call $self))
    (i32.store (i32.const 328) (call $demote (local.get $me) (i32.const 1)))
    (i64.store (i32.const 320) (i64.const 1))
    (drop (call $send_caps (local.get $to) (i64.const 1) (i32.const 104) (i32.const 5) (i32.const 328) (i32.const 1)))
    (if (i32.eq (call $receive (i32.const 320) (i32.const 1) (i64.const 5000)) (i32.const 1)) (then
      (local.set $n (call $read (i32.const 258) (i32.const 32)))
      (call $log (i32.const 1) (i32.const 256) (i32.add (local.get $n) (i32.const 2)))))
    (drop (call $drop (i32.load (i32.const 328))))
    (drop (call $drop (local.get $me)))
    (drop (call $drop (local.get $to))))

  (func $fall (local $h i32) (local $n i32)
    (local.set $h (call $find (i32.const 256)))
    (i64.store (i32.const 320) (call $monitor (local.get $h)))
    (drop (call $send (local.get $h) (i64.const 0) (i32.const 112) (i32.const 4)))
    (drop (call $receive (i32.const 320) (i32.const 1) (i64.const -1)))
    (local.set $n (call $reason_text (i32.const 136) (i32.const 32)))
    (call $log (i32.const 1) (i32.const 128) (i32.add (local.get $n) (i32.const 8)))
    (drop (call $drop (local.get $h)))
    (drop (call $drop (call $find (i32.const 256))))
    (call $log (i32.const 1) (i32.const 192) (i32.const 9)))

  (func (export "run") (local $n i32) (local $name i32)
    (if (call $arg_count) (then
      (call $worker)
      (return)))
    (if (i32.lt_s (call $supervise (i32.const 0) (i32.const 75)) (i32.const 0)) (then
      (call $exit (i32.const 2))))
    (call $log (i32.const 1) (i32.const 96) (i32.const 5))
    (loop $next
      (br_if $next (i32.ne (call $receive (i32.const 0) (i32.const 0) (i64.const -1)) (i32.const 1)))
      (local.set $n (call $read (i32.const 512) (i32.const 64)))
      (if (i32.eq (local.get $n) (i32.const 4)) (then (return))) ;; "stop"
      (if (i32.ge_u (local.get $n) (i32.const 6)) (then
        (local.set $name (i32.load8_u (i32.add (i32.const 511) (local.get $n)))) ;; the last letter
        (i32.store8 (i32.const 128) (local.get $name))
        (i32.store8 (i32.const 192) (local.get $name))
        (i32.store8 (i32.const 256) (local.get $name))))
      (if (i32.eq (local.get $n) (i32.const 7)) (then (call $count))) ;; "count a"
      (if (i32.eq (local.get $n) (i32.const 6)) (then (call $fall)))  ;; "fall a"
      (br $next))))
