package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/metatopia/metatopia/region/slots"
)

// snapshot is a read transaction.
type snapshot struct {
	tx  pgx.Tx
	at  slots.Version
	old bool
}

// Snapshot implements slots.Engine.
func (e *Engine) Snapshot(ctx context.Context, at slots.Version) (slots.Snapshot, error) {
	tx, err := e.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("slots: postgres: %w", err)
	}
	s := &snapshot{tx: tx, at: at}
	var head, compacted slots.Version
	err = tx.QueryRow(ctx, `SELECT ver, compacted FROM head`).Scan(&head, &compacted)
	switch {
	case err != nil:
		err = fmt.Errorf("slots: postgres: %w", err)
	case at > head:
		err = slots.ErrFuture
	case at != 0 && at < compacted:
		err = slots.ErrCompacted
	case at == 0:
		s.at = head
	default:
		s.old = at != head
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *snapshot) Close() {
	// The caller's context may be over; the connection is worth a second.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.tx.Rollback(ctx)
}

func (s *snapshot) Version() slots.Version { return s.at }

func (s *snapshot) Get(ctx context.Context, key string) (slots.Item, bool, error) {
	x := slots.Item{Key: key}
	sql, args := `SELECT ver, val FROM slot WHERE key = $1`, []any{[]byte(key)}
	if s.old {
		sql, args = `SELECT ver, val FROM past WHERE key = $1 AND ver <= $2 ORDER BY ver DESC LIMIT 1`, append(args, int64(s.at))
	}
	err := s.tx.QueryRow(ctx, sql, args...).Scan(&x.Version, &x.Value)
	if errors.Is(err, pgx.ErrNoRows) {
		return x, false, nil
	}
	return x, err == nil && x.Value != nil, err
}

func (s *snapshot) Range(ctx context.Context, span slots.Span, limit int) ([]slots.Item, error) {
	var to []byte // null: no bound
	if span.To != "" {
		to = []byte(span.To)
	}
	sql := `SELECT key, ver, val FROM slot WHERE key >= $1 AND ($2::bytea IS NULL OR key < $2) ORDER BY key LIMIT $3`
	args := []any{[]byte(span.From), to, limit}
	if s.old {
		sql = `SELECT key, ver, val FROM (SELECT DISTINCT ON (key) key, ver, val FROM past
			WHERE key >= $1 AND ($2::bytea IS NULL OR key < $2) AND ver <= $4 ORDER BY key, ver DESC) x
			WHERE val IS NOT NULL ORDER BY key LIMIT $3`
		args = append(args, int64(s.at))
	}
	rows, err := s.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, item)
}

func item(row pgx.CollectableRow) (x slots.Item, err error) {
	var key []byte
	err = row.Scan(&key, &x.Version, &x.Value)
	x.Key = string(key)
	return x, err
}

func (s *snapshot) Done(ctx context.Context, id slots.ID) (v slots.Version, ok bool, err error) {
	err = s.tx.QueryRow(ctx, `SELECT ver FROM done WHERE id = $1`, id[:]).Scan(&v)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return v, err == nil, err
}

// pieces of a watch's history are read this many values at a time.
const piece = 256

// Changes implements slots.Engine. A notice of the server wakes it up; it also
// looks once a second, for a notice may be lost with a connection.
func (e *Engine) Changes(ctx context.Context, prefix string, from slots.Version) iter.Seq2[slots.Change, error] {
	return func(yield func(slots.Change, error) bool) {
		err := e.follow(ctx, prefix, from, func(c slots.Change) bool { return yield(c, nil) })
		if err != nil {
			yield(slots.Change{}, err)
		}
	}
}

// follow gives changes until it is told to stop or cannot go on. The server's
// going away is waited out.
func (e *Engine) follow(ctx context.Context, prefix string, from slots.Version, give func(slots.Change) bool) error {
	first := true
	for {
		over, err := e.listen(ctx, prefix, &from, first, give)
		switch {
		case over:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, slots.ErrCompacted), errors.Is(err, slots.ErrFuture), first:
			return err
		}
		first = false
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// listen follows over one connection.
func (e *Engine) listen(ctx context.Context, prefix string, from *slots.Version, first bool, give func(slots.Change) bool) (over bool, err error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	// One that listens is not given back: it is closed.
	c := conn.Hijack()
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	if _, err := c.Exec(ctx, "LISTEN "+e.channel()); err != nil {
		return false, err
	}
	for {
		for {
			list, to, err := since(ctx, c, prefix, *from, first)
			if err != nil {
				return false, err
			}
			first = false
			for _, x := range list {
				if !give(x) {
					return true, nil
				}
				*from = x.Version
			}
			if to == *from {
				break
			}
			*from = to
		}
		wait, cancel := context.WithTimeout(ctx, time.Second)
		_, err := c.WaitForNotification(wait)
		cancel()
		if err != nil && (ctx.Err() != nil || c.IsClosed()) {
			return false, errors.Join(ctx.Err(), err)
		}
	}
}

func (e *Engine) channel() string { return "slots_" + e.schema }

// since reads a piece of history: whole transactions, and up to which version
// that is all there was.
func since(ctx context.Context, c *pgx.Conn, prefix string, from slots.Version, check bool) (list []slots.Change, to slots.Version, err error) {
	err = pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var head, compacted slots.Version
		if err := tx.QueryRow(ctx, `SELECT ver, compacted FROM head`).Scan(&head, &compacted); err != nil {
			return err
		}
		if from < compacted {
			return slots.ErrCompacted
		} else if from > head && check {
			return slots.ErrFuture
		}
		var end []byte
		if s := slots.End(prefix); s != "" {
			end = []byte(s)
		}
		// One more than a piece, and then none of the last version, which may
		// be cut; a version has at most MaxWrites values.
		rows, err := tx.Query(ctx, `SELECT key, ver, val FROM past WHERE ver > $1 AND key >= $2 AND ($3::bytea IS NULL OR key < $3) ORDER BY ver, key LIMIT $4`,
			int64(from), []byte(prefix), end, piece)
		if err != nil {
			return err
		}
		items, err := pgx.CollectRows(rows, item)
		if err != nil {
			return err
		}
		to = max(head, from)
		if len(items) == piece {
			last := items[piece-1].Version
			for len(items) > 0 && items[len(items)-1].Version == last {
				items = items[:len(items)-1]
			}
			to = items[len(items)-1].Version
		}
		for _, x := range items {
			if n := len(list); n > 0 && list[n-1].Version == x.Version {
				list[n-1].Items = append(list[n-1].Items, x)
				continue
			}
			list = append(list, slots.Change{Version: x.Version, Items: []slots.Item{x}})
		}
		return nil
	})
	return list, to, err
}
