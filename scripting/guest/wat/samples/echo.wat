;; Echo: sends every message back to the capabilities in it; what comes without
;; any goes to the log. "stop" ends it with code 7.
;; SPDX-License-Identifier: MIT
(module
  (import "mt:message@1" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "mt:message@1" "read" (func $read (param i32 i32) (result i32)))
  (import "mt:message@1" "tag" (func $tag (result i64)))
  (import "mt:message@1" "caps" (func $caps (result i32)))
  (import "mt:message@1" "cap" (func $cap (param i32) (result i32)))
  (import "mt:message@1" "send" (func $send (param i32 i64 i32 i32) (result i32)))
  (import "mt:process@1" "drop" (func $drop (param i32) (result i32)))
  (import "mt:process@1" "exit" (func $exit (param i32)))
  (import "mt:log@1" "log" (func $log (param i32 i32 i32)))
  (memory 2)
  (data (i32.const 10) "echo: ") ;; what is received comes after it, at 16

  (func (export "run") (local $n i32) (local $i i32) (local $to i32)
    (loop $next
      (br_if $next (i32.ne (call $receive (i32.const 0) (i32.const 0) (i64.const -1)) (i32.const 1)))
      (local.set $n (call $read (i32.const 16) (i32.const 65536)))
      (if (i32.and (i32.eq (local.get $n) (i32.const 4))
                   (i32.eq (i32.load (i32.const 16)) (i32.const 0x706f7473))) ;; "stop"
        (then (call $exit (i32.const 7))))
      (if (i32.eqz (call $caps))
        (then (call $log (i32.const 1) (i32.const 10) (i32.add (local.get $n) (i32.const 6)))))
      (local.set $i (i32.const 0))
      (block $done
        (loop $each
          (br_if $done (i32.ge_u (local.get $i) (call $caps)))
          (local.set $to (call $cap (local.get $i)))
          (drop (call $send (local.get $to) (call $tag) (i32.const 16) (local.get $n)))
          (drop (call $drop (local.get $to)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $each)))
      (br $next))))
