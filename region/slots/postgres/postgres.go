// Package postgres keeps slots in PostgreSQL, for owners who outgrow one
// machine or have a database already. It needs version 12 or newer, a role
// that may make tables, and speaks to the primary only.
//
// Reads come from one REPEATABLE READ transaction, which is a snapshot. A
// commit is one SERIALIZABLE transaction: it locks table head, so that
// versions are given in the order of commits, looks whether anything that was
// read has a newer version (a check of our own, not PostgreSQL's), and writes.
// LOCK TABLE comes before the transaction's first query and so before its
// snapshot: that is why the check sees all that was committed.
//
// Tables, in the schema that the URL's parameter "schema" names (metatopia):
//
//	head   one row: format, newest version, version compacted up to
//	slot   key, version and value of what is there
//	past   every value that a key had since the compaction; null: deleted
//	done   idempotency key, version
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/metatopia/metatopia/region/slots"
)

const (
	format = 1
	// maxConns bounds what one node takes of the server's connections.
	maxConns = 8
	// serverTimeout ends what a client that hangs has begun. It is longer than
	// a transaction may take.
	serverTimeout = "15s"
)

// Engine is a schema of a database. It implements slots.Engine.
type Engine struct {
	pool   *pgxpool.Pool
	schema string
	place  string
}

var _ slots.Engine = (*Engine)(nil)

var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,47}$`)

// split takes the parameter "schema" out of a URL.
func split(place string) (conn, schema string, err error) {
	u, err := url.Parse(place)
	if err != nil {
		return "", "", errors.New("not a URL") // its text may hold a password
	}
	q := u.Query()
	if schema = q.Get("schema"); schema == "" {
		schema = "metatopia"
	}
	if !schemaName.MatchString(schema) {
		return "", "", errors.New("schema must be a-z, 0-9 and _")
	}
	q.Del("schema")
	u.RawQuery = q.Encode()
	return u.String(), schema, nil
}

// Check tells whether a URL can be one of a database.
func Check(place string) error {
	conn, _, err := split(place)
	if err != nil {
		return err
	}
	if _, err := pgxpool.ParseConfig(conn); err != nil {
		return errors.New("not a URL of PostgreSQL")
	}
	return nil
}

// Open connects and makes the tables unless they are there.
func Open(ctx context.Context, place string) (*Engine, error) {
	conn, schema, err := split(place)
	if err != nil {
		return nil, fmt.Errorf("slots: open postgres: %w", err)
	}
	cfg, err := pgxpool.ParseConfig(conn)
	if err != nil {
		return nil, errors.New("slots: open postgres: not a URL of PostgreSQL")
	}
	cfg.MaxConns = maxConns
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	p := cfg.ConnConfig.RuntimeParams
	p["search_path"] = schema
	p["application_name"] = "metatopia"
	p["statement_timeout"] = serverTimeout
	p["lock_timeout"] = serverTimeout
	p["idle_in_transaction_session_timeout"] = serverTimeout
	// A commit that is answered is on disk, whatever the server's default is.
	p["synchronous_commit"] = "on"
	// A plan is made when a connection first uses a query, when the tables may
	// be empty, and is kept: all that is asked here has an index, or is one row.
	// A scan that is off but has to be (that row) counts as so dear that the
	// server would compile each query.
	p["enable_seqscan"], p["jit"] = "off", "off"
	c := cfg.ConnConfig
	e := &Engine{schema: schema, place: fmt.Sprintf("postgres://%s:%d/%s, schema %s", c.Host, c.Port, c.Database, schema)}
	if e.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, fmt.Errorf("slots: open %s: %w", e.place, err)
	}
	if err := e.found(ctx); err != nil {
		e.pool.Close()
		return nil, fmt.Errorf("slots: open %s: %w", e.place, err)
	}
	return e, nil
}

// founding makes the tables. Two nodes may do it at the same time: the lock is
// theirs alone.
const founding = `
CREATE SCHEMA IF NOT EXISTS SCHEMA;
CREATE TABLE IF NOT EXISTS head (one boolean PRIMARY KEY DEFAULT true CHECK (one), format int NOT NULL, ver bigint NOT NULL, compacted bigint NOT NULL);
CREATE TABLE IF NOT EXISTS slot (key bytea PRIMARY KEY, ver bigint NOT NULL, val bytea NOT NULL);
CREATE TABLE IF NOT EXISTS past (key bytea NOT NULL, ver bigint NOT NULL, val bytea, PRIMARY KEY (key, ver));
CREATE INDEX IF NOT EXISTS past_ver ON past (ver);
CREATE TABLE IF NOT EXISTS done (id bytea PRIMARY KEY, ver bigint NOT NULL);
INSERT INTO head (format, ver, compacted) VALUES (FORMAT, 0, 0) ON CONFLICT DO NOTHING;
`

func (e *Engine) found(ctx context.Context) error {
	return pgx.BeginFunc(ctx, e.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('metatopia slots'))`); err != nil {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, e.schema+".head").Scan(&there); err != nil {
			return err
		}
		if !there {
			sql := strings.NewReplacer("SCHEMA IF NOT EXISTS SCHEMA", "SCHEMA IF NOT EXISTS "+e.schema, "FORMAT", fmt.Sprint(format)).Replace(founding)
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		var f int
		if err := tx.QueryRow(ctx, `SELECT format FROM head`).Scan(&f); err != nil {
			return err
		}
		if f != format {
			return fmt.Errorf("%w: format %d, this program knows %d", slots.ErrCorrupt, f, format)
		}
		return nil
	})
}

// Close implements slots.Engine.
func (e *Engine) Close() error {
	e.pool.Close()
	return nil
}

// About implements slots.Engine.
func (e *Engine) About(ctx context.Context) (slots.About, error) {
	a := slots.About{Engine: "postgres", Place: e.place, Isolation: "SERIALIZABLE, and versions of our own"}
	var replica bool
	err := e.pool.QueryRow(ctx, `SELECT version(), ver, compacted, pg_is_in_recovery() FROM head`).Scan(&a.Server, &a.Head, &a.Compacted, &replica)
	if err == nil && replica {
		err = errors.New("slots: postgres: this server is a replica; give the primary")
	}
	return a, err
}

// again are the errors after which nothing was written and a new attempt may
// do: serialization failure, deadlock, a key that is there already.
func again(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "40001", "40P01", "23505":
		return true
	}
	return false
}
