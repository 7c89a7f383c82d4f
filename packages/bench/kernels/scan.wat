;; The scan kernel: merges the mapped entries of one segment of a linear table into runs.
;;
;; Memory $table is the segment as packages/core/src/iommu/linear-layout.ts describes it. Memory $runs holds, in bytes:
;;      0  f64  frame of the segment's entry 0          48  i64  the word that would continue the open run
;;      8  f64  frames per entry                        56  i32  1 while a run is open, else 0
;;     16  i64  target and permission bits of a word    60  i32  address of the first run that is not closed
;;     24  i64  what the next page adds to a word       64  i32  set to 1 when a closed run passes the end of the target space
;;     32  f64  2^52 - 4 * page shift
;;     40  i32  address behind the last run
;;     44  i32  address in $table of the occupancy counts
;;    128  the set bits of every byte, ascending, times 8: 256 times 8 bytes, filled up with zeros
;;   2176  starts of runs in the block at hand, 4096 masked words, 8320 ends: see $scan
;;   9472  runs of four f64: first frame, frames, first target frame, permission | page shift << 2
;;
;; Longer than a file should be: one function holds the state of the scan in locals, which a call would have to store.
;; A word is read once: a table that changes meanwhile gives the runs of before or of after, never of both.
;; packages/bench/src/kernel/kernel-cursor.ts is the caller, packages/core/src/iommu/linear-walker.ts the same in TypeScript.
(module
  (memory $table (import "hostbridge" "table") 1 65536 shared)
  (memory $runs (import "hostbridge" "runs") 1 65536 shared)

  ;; The frame of the entry at byte address $at.
  (func $frame (param $at i32) (result f64)
    (f64.add (f64.load $runs (i32.const 0))
      (f64.mul (f64.load $runs (i32.const 8)) (f64.convert_i32_u (i32.shr_u (local.get $at) (i32.const 3))))))

  ;; Closes the run in $slot before frame $end.
  (func $close (param $slot i32) (param $end f64)
    (local $frames f64)
    (local.set $frames (f64.sub (local.get $end) (f64.load $runs (local.get $slot))))
    (f64.store $runs offset=8 (local.get $slot) (local.get $frames))
    (if (f64.gt (f64.add (f64.load $runs offset=16 (local.get $slot)) (local.get $frames)) (f64.const 0x1p52))
      (then (i32.store $runs offset=64 (i32.const 0) (i32.const 1)))))

  ;; The first block from the one at $at on in which something is mapped, cut at $end; $at is the first byte of a block.
  (func $skip (param $at i32) (param $end i32) (result i32)
    (local $counts i32) (local $count i32) (local $last i32)
    (local.set $counts (i32.load $runs offset=44 (i32.const 0)))
    (local.set $count (i32.add (local.get $counts) (i32.shr_u (local.get $at) (i32.const 11))))
    (local.set $last (i32.add (local.get $counts)
      (i32.shl (i32.shr_u (i32.add (local.get $end) (i32.const 4095)) (i32.const 12)) (i32.const 1))))
    (block $found
      (loop $eight
        (if (i32.le_u (i32.add (local.get $count) (i32.const 16)) (local.get $last)) (then
          (if (i32.eqz (v128.any_true (v128.load $table (local.get $count)))) (then
            (local.set $count (i32.add (local.get $count) (i32.const 16)))
            (br $eight))))))
      (loop $one
        (br_if $found (i32.ge_u (local.get $count) (local.get $last)))
        (br_if $found (i32.load16_u $table (local.get $count)))
        (local.set $count (i32.add (local.get $count) (i32.const 2)))
        (br $one)))
    (local.set $at (i32.shl (i32.sub (local.get $count) (local.get $counts)) (i32.const 11)))
    (select (local.get $at) (local.get $end) (i32.lt_u (local.get $at) (local.get $end))))

  ;; Writes the runs that begin in a block: $starts of them at $slot, which lie in the lists from $end on. The last one gets
  ;; a wrong length if it does not end in the block. Two at a time, so one slot more may be written.
  (func $emit (param $block f64) (param $slot i32) (param $starts i32) (param $end i32)
    (local $start i32) (local $last i32) (local $begins v128) (local $words v128) (local $targets v128) (local $metas v128)
    (local $iovas v128) (local $frames v128) (local $perByte v128) (local $base v128) (local $bias v128) (local $past v128)
    (local $magic v128)
    (local.set $magic (v128.const i64x2 0x4330000000000000 0x4330000000000000))
    (local.set $bias (f64x2.splat (f64.load $runs offset=32 (i32.const 0))))
    (local.set $base (f64x2.splat (local.get $block)))
    (local.set $perByte (f64x2.splat (f64.mul (f64.load $runs (i32.const 8)) (f64.const 0.125))))
    (local.set $start (i32.const 2176))
    (local.set $last (i32.add (local.get $start) (i32.shl (local.get $starts) (i32.const 1))))
    (loop $two
      (local.set $begins (i32x4.extend_low_i16x8_u (v128.load32_zero $runs (local.get $start))))
      (local.set $frames (f64x2.mul (local.get $perByte) (f64x2.convert_low_i32x4_s (i32x4.sub
        (i32x4.extend_low_i16x8_u (v128.load32_zero $runs (local.get $end))) (local.get $begins)))))
      (local.set $iovas (f64x2.add (local.get $base)
        (f64x2.mul (local.get $perByte) (f64x2.convert_low_i32x4_s (local.get $begins)))))
      (local.set $words (v128.load64_lane $runs offset=4096 1 (i32.load16_u $runs offset=2 (local.get $start))
        (v128.load64_zero $runs offset=4096 (i32.load16_u $runs (local.get $start)))))
      ;; A number below 2^52 becomes a float64 by way of the mantissa of 2^52.
      (local.set $targets (f64x2.sub (v128.or (i64x2.shr_u (local.get $words) (i32.const 12)) (local.get $magic)) (local.get $magic)))
      (local.set $metas (f64x2.sub
        (v128.or (v128.and (local.get $words) (v128.const i64x2 3 3)) (local.get $magic)) (local.get $bias)))
      (local.set $past (v128.or (local.get $past)
        (f64x2.gt (f64x2.add (local.get $targets) (local.get $frames)) (v128.const f64x2 0x1p52 0x1p52))))
      (v128.store $runs (local.get $slot)
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $iovas) (local.get $frames)))
      (v128.store $runs offset=16 (local.get $slot)
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $targets) (local.get $metas)))
      (v128.store $runs offset=32 (local.get $slot)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $iovas) (local.get $frames)))
      (v128.store $runs offset=48 (local.get $slot)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $targets) (local.get $metas)))
      (local.set $slot (i32.add (local.get $slot) (i32.const 64)))
      (local.set $end (i32.add (local.get $end) (i32.const 4)))
      (local.set $start (i32.add (local.get $start) (i32.const 4)))
      (br_if $two (i32.lt_u (local.get $start) (local.get $last))))
    (if (v128.any_true (local.get $past)) (then (i32.store $runs offset=64 (i32.const 0) (i32.const 1)))))

  ;; Merges the entries $first to $last, exclusive; goes on where the state left off. Returns the entry that it has not looked
  ;; at yet: $last, or less when there is no room for the runs of another block.
  ;;
  ;; Block by block of at most 512 entries: blocks without a mapped entry are skipped by their counts. Two blocks that continue
  ;; the open run are taken at once. In the others, 16
  ;; entries at a time are compared with what continues the open run, or with nothing while none is open; where that fails,
  ;; 8 at a time become bits, from which the places where runs start and end are listed. The runs are written from the lists.
  (func (export "scan") (param $first i32) (param $last i32) (result i32)
    (local $at i32) (local $end i32) (local $block i32) (local $stop i32) (local $left i32)
    (local $slot i32) (local $room i32) (local $open i32) (local $wasOpen i32)
    (local $start i32) (local $close i32) (local $starts i32) (local $ends i32) (local $dead i32)
    (local $word i64) (local $mask i64) (local $step i64) (local $next i64)
    (local $masks v128) (local $steps v128) (local $three v128) (local $offset v128) (local $before v128) (local $nexts v128)
    (local $s2 v128) (local $s4 v128) (local $s6 v128) (local $s8 v128) (local $s10 v128) (local $s12 v128) (local $s14 v128)
    (local $m0 v128) (local $m1 v128) (local $m2 v128) (local $m3 v128)
    (local $d0 v128) (local $d1 v128) (local $d2 v128) (local $d3 v128)
    (local.set $mask (i64.load $runs offset=16 (i32.const 0)))
    (local.set $step (i64.load $runs offset=24 (i32.const 0)))
    (local.set $room (i32.load $runs offset=40 (i32.const 0)))
    (local.set $next (i64.load $runs offset=48 (i32.const 0)))
    (local.set $open (i32.load $runs offset=56 (i32.const 0)))
    (local.set $slot (i32.load $runs offset=60 (i32.const 0)))
    (local.set $masks (i64x2.splat (local.get $mask)))
    (local.set $steps (i64x2.splat (local.get $step)))
    (local.set $three (v128.const i64x2 3 3))
    (local.set $s2 (i64x2.add (local.get $steps) (local.get $steps)))
    (local.set $s4 (i64x2.add (local.get $s2) (local.get $s2)))
    (local.set $s6 (i64x2.add (local.get $s4) (local.get $s2)))
    (local.set $s8 (i64x2.add (local.get $s4) (local.get $s4)))
    (local.set $s10 (i64x2.add (local.get $s8) (local.get $s2)))
    (local.set $s12 (i64x2.add (local.get $s8) (local.get $s4)))
    (local.set $s14 (i64x2.add (local.get $s8) (local.get $s6)))
    (local.set $at (i32.shl (local.get $first) (i32.const 3)))
    (local.set $end (i32.shl (local.get $last) (i32.const 3)))

    (block $done
    (loop $blocks
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (if (i32.eqz (i32.and (local.get $at) (i32.const 4095))) (then
        (local.set $block (call $skip (local.get $at) (local.get $end)))
        (if (i32.ne (local.get $block) (local.get $at)) (then
          (if (local.get $open) (then
            (call $close (local.get $slot) (call $frame (local.get $at)))
            (local.set $slot (i32.add (local.get $slot) (i32.const 32)))
            (local.set $open (i32.const 0))))
          (local.set $at (local.get $block))
          (br $blocks)))))
      ;; Two blocks side by side, while they continue the open run: memory answers two pages at a time faster than one.
      (if (i32.and (local.get $open) (i32.and
            (i32.eqz (i32.and (local.get $at) (i32.const 4095)))
            (i32.le_u (i32.add (local.get $at) (i32.const 8192)) (local.get $end))))
        (then
          (local.set $nexts (i64x2.splat (local.get $next)))
          (local.set $nexts (i64x2.replace_lane 1 (local.get $nexts) (i64.add (local.get $next) (local.get $step))))
          (local.set $before (i64x2.add (local.get $nexts) (i64x2.splat (i64.shl (local.get $step) (i64.const 9)))))
          (local.set $block (local.get $at))
          (local.set $stop (i32.add (local.get $at) (i32.const 4096)))
          (block $differs
            (loop $both
              (br_if $differs (v128.any_true (v128.and (local.get $masks)
                (v128.or
                  (v128.or
                    (v128.or
                      (v128.xor (v128.load $table (local.get $block)) (local.get $nexts))
                      (v128.xor (v128.load $table offset=16 (local.get $block)) (i64x2.add (local.get $nexts) (local.get $s2))))
                    (v128.or
                      (v128.xor (v128.load $table offset=32 (local.get $block)) (i64x2.add (local.get $nexts) (local.get $s4)))
                      (v128.xor (v128.load $table offset=48 (local.get $block)) (i64x2.add (local.get $nexts) (local.get $s6)))))
                  (v128.or
                    (v128.or
                      (v128.xor (v128.load $table offset=4096 (local.get $block)) (local.get $before))
                      (v128.xor (v128.load $table offset=4112 (local.get $block)) (i64x2.add (local.get $before) (local.get $s2))))
                    (v128.or
                      (v128.xor (v128.load $table offset=4128 (local.get $block)) (i64x2.add (local.get $before) (local.get $s4)))
                      (v128.xor (v128.load $table offset=4144 (local.get $block)) (i64x2.add (local.get $before) (local.get $s6)))))))))
              (local.set $nexts (i64x2.add (local.get $nexts) (local.get $s8)))
              (local.set $before (i64x2.add (local.get $before) (local.get $s8)))
              (local.set $block (i32.add (local.get $block) (i32.const 64)))
              (br_if $both (i32.lt_u (local.get $block) (local.get $stop))))
            (local.set $next (i64x2.extract_lane 0 (local.get $before)))
            (local.set $at (i32.add (local.get $at) (i32.const 8192)))
            (br $blocks))))
      ;; 512 runs, the open one, and one that $emit may write too many.
      (br_if $done (i32.gt_u (i32.add (local.get $slot) (i32.const 16448)) (local.get $room)))
      (local.set $block (local.get $at))
      (local.set $stop (i32.add (i32.or (local.get $at) (i32.const 4095)) (i32.const 1)))
      (local.set $stop (select (local.get $stop) (local.get $end) (i32.lt_u (local.get $stop) (local.get $end))))
      (local.set $wasOpen (local.get $open))
      (local.set $start (i32.const 2176))
      (local.set $close (i32.const 8320))

      (block $listed
      (loop $pieces
        (local.set $left (i32.sub (local.get $stop) (local.get $at)))
        (br_if $listed (i32.eqz (local.get $left)))
        (block $mixed
          (br_if $mixed (i32.lt_u (local.get $left) (i32.const 128)))
          (if (local.get $open)
            (then
              (local.set $nexts (i64x2.splat (local.get $next)))
              (local.set $nexts (i64x2.replace_lane 1 (local.get $nexts) (i64.add (local.get $next) (local.get $step))))
              (loop $dense
                (if (i32.eqz (v128.any_true (v128.and (local.get $masks)
                  (v128.or
                    (v128.or
                      (v128.or
                        (v128.xor (v128.load $table (local.get $at)) (local.get $nexts))
                        (v128.xor (v128.load $table offset=16 (local.get $at)) (i64x2.add (local.get $nexts) (local.get $s2))))
                      (v128.or
                        (v128.xor (v128.load $table offset=32 (local.get $at)) (i64x2.add (local.get $nexts) (local.get $s4)))
                        (v128.xor (v128.load $table offset=48 (local.get $at)) (i64x2.add (local.get $nexts) (local.get $s6)))))
                    (v128.or
                      (v128.or
                        (v128.xor (v128.load $table offset=64 (local.get $at)) (i64x2.add (local.get $nexts) (local.get $s8)))
                        (v128.xor (v128.load $table offset=80 (local.get $at)) (i64x2.add (local.get $nexts) (local.get $s10))))
                      (v128.or
                        (v128.xor (v128.load $table offset=96 (local.get $at)) (i64x2.add (local.get $nexts) (local.get $s12)))
                        (v128.xor (v128.load $table offset=112 (local.get $at)) (i64x2.add (local.get $nexts) (local.get $s14)))))))))
                (then
                  (local.set $nexts (i64x2.add (local.get $nexts) (i64x2.add (local.get $s8) (local.get $s8))))
                  (local.set $at (i32.add (local.get $at) (i32.const 128)))
                  (br_if $dense (i32.le_u (i32.add (local.get $at) (i32.const 128)) (local.get $stop)))
                  (local.set $next (i64x2.extract_lane 0 (local.get $nexts)))
                  (br $pieces))))
              (local.set $next (i64x2.extract_lane 0 (local.get $nexts)))
              (br $mixed)))
          (loop $empty
            (br_if $mixed (v128.any_true (v128.and (local.get $three)
              (v128.or
                (v128.or
                  (v128.or (v128.load $table (local.get $at)) (v128.load $table offset=16 (local.get $at)))
                  (v128.or (v128.load $table offset=32 (local.get $at)) (v128.load $table offset=48 (local.get $at))))
                (v128.or
                  (v128.or (v128.load $table offset=64 (local.get $at)) (v128.load $table offset=80 (local.get $at)))
                  (v128.or (v128.load $table offset=96 (local.get $at)) (v128.load $table offset=112 (local.get $at))))))))
            (local.set $at (i32.add (local.get $at) (i32.const 128)))
            (br_if $empty (i32.le_u (i32.add (local.get $at) (i32.const 128)) (local.get $stop))))
          (br $pieces))

        (if (i32.ge_u (local.get $left) (i32.const 64)) (then
          (local.set $before (i64x2.splat (select (i64.sub (local.get $next) (local.get $step)) (i64.const 0) (local.get $open))))
          (local.set $offset (i16x8.splat (i32.sub (local.get $at) (local.get $block))))
          (loop $eight
            (local.set $m0 (v128.and (v128.load $table (local.get $at)) (local.get $masks)))
            (local.set $m1 (v128.and (v128.load $table offset=16 (local.get $at)) (local.get $masks)))
            (local.set $m2 (v128.and (v128.load $table offset=32 (local.get $at)) (local.get $masks)))
            (local.set $m3 (v128.and (v128.load $table offset=48 (local.get $at)) (local.get $masks)))
            (local.set $left (i32.sub (local.get $at) (local.get $block)))
            (v128.store $runs offset=4096 (local.get $left) (local.get $m0))
            (v128.store $runs offset=4112 (local.get $left) (local.get $m1))
            (v128.store $runs offset=4128 (local.get $left) (local.get $m2))
            (v128.store $runs offset=4144 (local.get $left) (local.get $m3))
            ;; Bits of the entries without permission; then of those that start no run: they have none, or continue one.
            (local.set $d0 (i64x2.eq (v128.and (local.get $m0) (local.get $three)) (v128.const i64x2 0 0)))
            (local.set $d1 (i64x2.eq (v128.and (local.get $m1) (local.get $three)) (v128.const i64x2 0 0)))
            (local.set $d2 (i64x2.eq (v128.and (local.get $m2) (local.get $three)) (v128.const i64x2 0 0)))
            (local.set $d3 (i64x2.eq (v128.and (local.get $m3) (local.get $three)) (v128.const i64x2 0 0)))
            (local.set $dead (i16x8.bitmask (i8x16.narrow_i16x8_s
              (i16x8.narrow_i32x4_s (local.get $d0) (local.get $d1)) (i16x8.narrow_i32x4_s (local.get $d2) (local.get $d3)))))
            (local.set $d0 (v128.or (local.get $d0) (i64x2.eq (local.get $m0) (i64x2.add (local.get $steps)
              (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 (local.get $before) (local.get $m0))))))
            (local.set $d1 (v128.or (local.get $d1) (i64x2.eq (local.get $m1) (i64x2.add (local.get $steps)
              (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 (local.get $m0) (local.get $m1))))))
            (local.set $d2 (v128.or (local.get $d2) (i64x2.eq (local.get $m2) (i64x2.add (local.get $steps)
              (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 (local.get $m1) (local.get $m2))))))
            (local.set $d3 (v128.or (local.get $d3) (i64x2.eq (local.get $m3) (i64x2.add (local.get $steps)
              (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 (local.get $m2) (local.get $m3))))))
            (local.set $before (local.get $m3))
            (local.set $starts (i32.xor (i32.const 255) (i16x8.bitmask (i8x16.narrow_i16x8_s
              (i16x8.narrow_i32x4_s (local.get $d0) (local.get $d1)) (i16x8.narrow_i32x4_s (local.get $d2) (local.get $d3))))))
            ;; A run ends before an entry that does not continue it.
            (local.set $ends (i32.and
              (i32.or (local.get $open) (i32.shl (i32.xor (local.get $dead) (i32.const 255)) (i32.const 1)))
              (i32.or (local.get $starts) (local.get $dead))))
            (local.set $open (i32.xor (i32.shr_u (local.get $dead) (i32.const 7)) (i32.const 1)))
            (v128.store $runs (local.get $start) (i16x8.add (local.get $offset)
              (v128.load8x8_u $runs offset=128 (i32.shl (local.get $starts) (i32.const 3)))))
            (v128.store $runs (local.get $close) (i16x8.add (local.get $offset)
              (v128.load8x8_u $runs offset=128 (i32.shl (local.get $ends) (i32.const 3)))))
            (local.set $start (i32.add (local.get $start) (i32.shl (i32.popcnt (local.get $starts)) (i32.const 1))))
            (local.set $close (i32.add (local.get $close) (i32.shl (i32.popcnt (local.get $ends)) (i32.const 1))))
            (local.set $offset (i16x8.add (local.get $offset) (v128.const i16x8 64 64 64 64 64 64 64 64)))
            (local.set $at (i32.add (local.get $at) (i32.const 64)))
            ;; On with the next eight, unless these were all alike.
            (if (i32.or (local.get $starts) (i32.and (i32.ne (local.get $dead) (i32.const 0)) (i32.ne (local.get $dead) (i32.const 255))))
              (then (br_if $eight (i32.le_u (i32.add (local.get $at) (i32.const 64)) (local.get $stop))))))
          (local.set $next (i64.add (i64x2.extract_lane 1 (local.get $before)) (local.get $step)))
          (br $pieces)))

        ;; Fewer than eight entries are left.
        (loop $one
          (local.set $word (i64.and (i64.load $table (local.get $at)) (local.get $mask)))
          (local.set $left (i32.sub (local.get $at) (local.get $block)))
          (i64.store $runs offset=4096 (local.get $left) (local.get $word))
          (local.set $dead (i64.eqz (i64.and (local.get $word) (i64.const 3))))
          (if (i32.eqz (i32.and (local.get $open) (i64.eq (local.get $word) (local.get $next)))) (then
            (if (local.get $open) (then
              (i32.store16 $runs (local.get $close) (local.get $left))
              (local.set $close (i32.add (local.get $close) (i32.const 2)))))
            (if (i32.eqz (local.get $dead)) (then
              (i32.store16 $runs (local.get $start) (local.get $left))
              (local.set $start (i32.add (local.get $start) (i32.const 2)))))))
          (local.set $open (i32.eqz (local.get $dead)))
          (local.set $next (i64.add (local.get $word) (local.get $step)))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $one (i32.lt_u (local.get $at) (local.get $stop))))))

      (local.set $starts (i32.shr_u (i32.sub (local.get $start) (i32.const 2176)) (i32.const 1)))
      (local.set $left (i32.const 8320))
      (if (i32.and (local.get $wasOpen) (i32.gt_u (local.get $close) (local.get $left))) (then
        (call $close (local.get $slot)
          (call $frame (i32.add (local.get $block) (i32.load16_u $runs (local.get $left)))))
        (local.set $slot (i32.add (local.get $slot) (i32.const 32)))
        (local.set $left (i32.add (local.get $left) (i32.const 2)))))
      (if (local.get $starts) (then
        (call $emit (call $frame (local.get $block)) (local.get $slot) (local.get $starts) (local.get $left))
        (local.set $slot (i32.add (local.get $slot) (i32.shl (i32.sub (local.get $close) (local.get $left)) (i32.const 4))))))
      (br $blocks)))

    (i64.store $runs offset=48 (i32.const 0) (local.get $next))
    (i32.store $runs offset=56 (i32.const 0) (local.get $open))
    (i32.store $runs offset=60 (i32.const 0) (local.get $slot))
    (i32.shr_u (local.get $at) (i32.const 3)))

  ;; Reads the entries $first to $last, exclusive, 16 at a time, and returns whether any bit is set: what memory allows.
  (func (export "read") (param $first i32) (param $last i32) (result i32)
    (local $at i32) (local $end i32) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $at (i32.shl (local.get $first) (i32.const 3)))
    (local.set $end (i32.sub (i32.shl (local.get $last) (i32.const 3)) (i32.const 127)))
    (loop $sixteen
      (if (i32.lt_s (local.get $at) (local.get $end)) (then
        (local.set $a (v128.or (local.get $a) (v128.or (v128.load $table (local.get $at)) (v128.load $table offset=16 (local.get $at)))))
        (local.set $b (v128.or (local.get $b) (v128.or (v128.load $table offset=32 (local.get $at)) (v128.load $table offset=48 (local.get $at)))))
        (local.set $c (v128.or (local.get $c) (v128.or (v128.load $table offset=64 (local.get $at)) (v128.load $table offset=80 (local.get $at)))))
        (local.set $d (v128.or (local.get $d) (v128.or (v128.load $table offset=96 (local.get $at)) (v128.load $table offset=112 (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 128)))
        (br $sixteen))))
    (v128.any_true (v128.or (v128.or (local.get $a) (local.get $b)) (v128.or (local.get $c) (local.get $d))))))
