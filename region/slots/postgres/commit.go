package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/metatopia/metatopia/region/slots"
)

// stale asks whether anything in the spans has been written after a version. A
// span without an end is given as one with a null. What comes after a version
// is little, what a span has seen may be much: the empty prefix before the key
// keeps the planner from the index of keys (and enable_seqscan, in Open, from
// none), so that a commit costs what was committed since and not the whole past.
const stale = `SELECT EXISTS (SELECT 1 FROM past p JOIN unnest($2::bytea[], $3::bytea[]) AS r(a, b)
	ON ''::bytea || p.key >= r.a AND (r.b IS NULL OR ''::bytea || p.key < r.b) WHERE p.ver > $1)`

// Commit implements slots.Engine, in two round trips and one for COMMIT.
func (e *Engine) Commit(ctx context.Context, c *slots.Commit) (v slots.Version, err error) {
	err = pgx.BeginTxFunc(ctx, e.pool, pgx.TxOptions{IsoLevel: pgx.Serializable}, func(tx pgx.Tx) (err error) {
		v, err = e.commit(ctx, tx, c)
		return err
	})
	var d done
	switch {
	case errors.As(err, &d):
		return slots.Version(d), nil
	case err == nil:
		return v, nil
	case again(err):
		return 0, fmt.Errorf("%w: %w", slots.ErrConflict, err)
	}
	return 0, err
}

// done ends a transaction that was done before.
type done slots.Version

func (done) Error() string { return "done before" }

func (e *Engine) commit(ctx context.Context, tx pgx.Tx, c *slots.Commit) (slots.Version, error) {
	var b pgx.Batch
	var head, compacted, before slots.Version
	var old bool
	now := map[string][]byte{}
	b.Queue(`LOCK TABLE head IN EXCLUSIVE MODE`)
	b.Queue(`SELECT ver, compacted FROM head`).QueryRow(func(r pgx.Row) error { return r.Scan(&head, &compacted) })
	b.Queue(`SELECT ver FROM done WHERE id = $1`, c.Idem[:]).QueryRow(func(r pgx.Row) error {
		if err := r.Scan(&before); !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return nil
	})
	var from, to, adds [][]byte
	for _, s := range c.Reads {
		from = append(from, []byte(s.From))
		if s.To == "" {
			to = append(to, nil)
		} else {
			to = append(to, []byte(s.To))
		}
	}
	for _, w := range c.Writes {
		if w.Op == slots.OpAdd {
			adds = append(adds, []byte(w.Key))
		}
	}
	if len(from) > 0 {
		b.Queue(stale, int64(c.At), from, to).QueryRow(func(r pgx.Row) error { return r.Scan(&old) })
	}
	if len(adds) > 0 {
		b.Queue(`SELECT key, ver, val FROM slot WHERE key = ANY($1)`, adds).Query(func(rows pgx.Rows) error {
			list, err := pgx.CollectRows(rows, item)
			for _, x := range list {
				now[x.Key] = x.Value
			}
			return err
		})
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return 0, err
	}
	if before != 0 {
		return 0, done(before)
	}
	if old || len(from) > 0 && c.At < compacted {
		return 0, slots.ErrConflict
	}
	return head + 1, e.write(ctx, tx, c, head+1, now)
}

// write puts the values in; the table head is locked.
func (e *Engine) write(ctx context.Context, tx pgx.Tx, c *slots.Commit, v slots.Version, now map[string][]byte) error {
	var keys, vals, all, allVals, gone [][]byte
	for _, w := range c.Writes {
		val := w.Value
		switch w.Op {
		case slots.OpDelete:
			val = nil
			gone = append(gone, []byte(w.Key))
		case slots.OpAdd:
			var err error
			if val, err = slots.Plus(now[w.Key], w.Add); err != nil {
				return fmt.Errorf("%w: %q", err, w.Key)
			}
			fallthrough
		default:
			if val == nil {
				val = []byte{}
			}
			keys, vals = append(keys, []byte(w.Key)), append(vals, val)
		}
		all, allVals = append(all, []byte(w.Key)), append(allVals, val)
	}
	var b pgx.Batch
	b.Queue(`UPDATE head SET ver = $1`, int64(v))
	if c.Idem != (slots.ID{}) {
		b.Queue(`INSERT INTO done (id, ver) VALUES ($1, $2)`, c.Idem[:], int64(v))
	}
	b.Queue(`INSERT INTO past (key, ver, val) SELECT k, $1, v FROM unnest($2::bytea[], $3::bytea[]) AS x(k, v)`, int64(v), all, allVals)
	if len(keys) > 0 {
		b.Queue(`INSERT INTO slot (key, ver, val) SELECT k, $1, v FROM unnest($2::bytea[], $3::bytea[]) AS x(k, v)
			ON CONFLICT (key) DO UPDATE SET ver = excluded.ver, val = excluded.val`, int64(v), keys, vals)
	}
	if len(gone) > 0 {
		b.Queue(`DELETE FROM slot WHERE key = ANY($1)`, gone)
	}
	b.Queue(`SELECT pg_notify($1, '')`, e.channel())
	return tx.SendBatch(ctx, &b).Close()
}

// Compact implements slots.Engine.
func (e *Engine) Compact(ctx context.Context, upTo slots.Version) error {
	err := pgx.BeginFunc(ctx, e.pool, func(tx pgx.Tx) error {
		var b pgx.Batch
		b.Queue(`LOCK TABLE head IN EXCLUSIVE MODE`)
		b.Queue(`UPDATE head SET compacted = GREATEST(compacted, LEAST($1, ver))`, int64(upTo))
		b.Queue(`DELETE FROM done USING head WHERE done.ver <= head.compacted`)
		// What has a newer state that is old too, and what is gone.
		b.Queue(`DELETE FROM past p USING head WHERE p.ver <= head.compacted AND (p.val IS NULL OR EXISTS
			(SELECT 1 FROM past q WHERE q.key = p.key AND q.ver > p.ver AND q.ver <= head.compacted))`)
		return tx.SendBatch(ctx, &b).Close()
	})
	if err != nil {
		return fmt.Errorf("slots: compact: %w", err)
	}
	return nil
}
